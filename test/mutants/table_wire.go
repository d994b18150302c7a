package main

import "time"

// onTheWire are the lines that believe a server nothing.
func onTheWire() []mutant {
	const get, put, request, reader, list = "transfer/sftp/wire/get.go", "transfer/sftp/wire/put.go", "transfer/sftp/wire/request.go", "transfer/sftp/wire/reader.go", "transfer/sftp/wire/list.go"
	wire := func(run string) tests { return tests{"transfer/sftp/wire", run} }
	return []mutant{
		{
			name: "open-file-last", holds: "what the server says of an open file counts only behind the last READ",
			cuts: []cut{{get, "g.short, g.looked = true, !g.looks()", "g.short = true"}},
			by:   wire("TestGetAsksForTheOpenFileBehindTheLastRead"),
		},
		{
			name: "short-read", holds: "an answer with fewer bytes than asked is not taken for all of them",
			cuts: []cut{{get, "return s.ended || s.filled == len(s.buf)", "return s.ended || s.filled > 0"}},
			by:   wire("TestShortReadsLoseNothing"), short: true,
		},
		{
			name: "early-end", holds: "an end of file before the listed size is an error",
			cuts: []cut{{get, "\tif s.at() < g.size {", "\tif false {"}},
			by:   wire("TestAFileOfAnotherSizeIsTold"), short: true,
		},
		{
			name: "late-end", holds: "a byte behind the listed size is an error: the server has to prove where the file ends",
			cuts: []cut{{get, "\tcase s.proof:\n\t\treturn &SizeError{Path: g.path, Want: g.size, Got: g.size + 1, Err: ErrLong}\n", "\tcase s.proof:\n\t\treturn nil\n"}},
			by:   wire("TestAFileOfAnotherSizeIsTold"),
		},
		{
			name: "data-behind-end", holds: "an end behind which data comes is not believed",
			cuts: []cut{
				{get, "case g.end >= 0 && s.at() > g.end:", "case false:"},
				{get, "if other.filled > 0 && other.at() > g.end {", "if false {"},
			},
			by: wire("TestAnEndBehindWhichDataComesIsNotBelieved"),
		},
		{
			name: "close-order", holds: "CLOSE of a download is sent after the bytes are safe, because it is the acknowledgement",
			cuts: []cut{
				{get, "\tif err == nil && opts.BeforeClose != nil {\n\t\tif failed := opts.BeforeClose(g.read); failed != nil {\n\t\t\terr = &LocalError{Act: \"before close\", Err: failed}\n\t\t}\n\t}\n", ""},
				{get, "\t\terr = closed\n\t}\n\treturn g.written, err", "\t\terr = closed\n\t}\n\tif err == nil && opts.BeforeClose != nil {\n\t\tif failed := opts.BeforeClose(g.read); failed != nil {\n\t\t\terr = &LocalError{Act: \"before close\", Err: failed}\n\t\t}\n\t}\n\treturn g.written, err"},
			},
			by: wire("TestCloseIsTheAcknowledgement"), short: true,
		},
		{
			name: "no-close-on-failure", holds: "a read-once server is not told CLOSE for a file that we do not have",
			cuts: []cut{{get, "if err != nil && opts.ReadOnce {", "if false {"}},
			by:   wire("TestCloseIsTheAcknowledgement|TestReadOnceAsksForNothingTwiceAndNothingBehindTheEnd"),
		},
		{
			name: "read-once-window", holds: "a read-once server is asked for one stretch at a time and nothing behind the end",
			cuts: []cut{{get, "case g.opts.ReadOnce || g.proven:", "case g.proven:"}},
			by:   wire("TestReadOnceAsksForNothingTwiceAndNothingBehindTheEnd"),
		},
		{
			name: "write-status", holds: "a WRITE that was answered with anything but OK fails the upload",
			cuts: []cut{{put, "\tif err := r.status(); err != nil {\n\t\treturn p.refused(r.lane, err)\n\t}\n\tp.acked", "\tp.acked"}},
			by:   wire("TestAWriteThatIsRefusedIsTold"), short: true,
		},
		{
			name: "write-end-of-file", holds: "a WRITE that was answered with end of file fails the upload",
			cuts: []cut{{request, "if code == packet.OK {", "if code == packet.OK || code == packet.EOF && r.op == OpWrite {"}},
			by:   wire("TestAWriteThatIsRefusedIsTold"),
		},
		{
			name: "upload-close-status", holds: "a CLOSE that was refused fails the upload",
			cuts: []cut{{put, "if closed := c.closeHandle(ctx, path, handle, p.acked); err == nil {", "if closed := c.closeHandle(ctx, path, handle, p.acked); false {"}},
			by:   wire("TestACloseThatFailsIsTold"), short: true,
		},
		{
			name: "download-close-status", holds: "a CLOSE that tells a read-once server that we have the file is waited for, and its refusal is told",
			cuts: []cut{{get, "if err == nil && !opts.ReadOnce {", "if err == nil {"}},
			by:   wire("TestACloseThatFailsIsTold"),
		},
		{
			name: "open-files", holds: "no more files are open at once than the server says that it can bear",
			cuts: []cut{{"transfer/sftp/wire/client.go", "make(chan struct{}, min(max(handles-1, 1), handlesTold))", "make(chan struct{}, handlesTold)"}},
			by:   wire("TestNoMoreFilesAreOpenThanTheServerBears"),
		},
		{
			name: "open-until-closed", holds: "a file counts as open until the server has answered its CLOSE",
			cuts: []cut{{"transfer/sftp/wire/handle.go", "r.then = func() { c.closing.Add(-1); gone() }", "r.then = func() { c.closing.Add(-1) }\n\t\tgone()"}},
			by:   wire("TestAFileIsOpenUntilItsCloseIsAnswered"),
		},
		{
			name: "answer-cap", holds: "one answer that a server keeps back while it gives others is not waited for without end",
			cuts: []cut{{request, "case took >= most:", "case false:"}},
			by:   wire("TestOneAnswerMayTakeTenTimesTheSilence"), hangs: 20 * time.Second,
		},
		{
			name: "close-ahead-lost", holds: "an answer that is lost behind a CLOSE that went ahead is told as that of a file that may have been taken",
			cuts: []cut{{put, "p.closing, p.flight.asked = true, r", "p.closing = true"}},
			by:   wire("TestALostAnswerBehindACloseThatWentAheadIsTheCloses"),
		},
		{
			name: "upload-fsync", holds: "a server that offers fsync is asked for it before CLOSE, and its refusal counts",
			cuts: []cut{{put, "if err == nil && opts.Ahead == nil && p.syncs() {", "if false {"}},
			by:   wire("TestFsyncComesBeforeCloseAndCounts"),
		},
		{
			name: "cut-source", holds: "a source that is cut off is not taken for one that ends",
			cuts: []cut{{put, "case err == io.EOF: // exactly: a wrapped one is a failure", "case err != nil:"},
				{put, "\t\tcase err != nil:\n\t\t\treturn n, err\n\t\tcase n == len(buf):", "\t\tcase n == len(buf):"}},
			by: wire("TestASourceThatFailsIsNotASourceThatEnds"),
		},
		{
			name: "dead-channel", holds: "an upload whose session died is an error, whatever was acknowledged before",
			cuts: []cut{{put, "\tif err != nil && c.Err() != nil {\n\t\treturn p.acked, err\n\t}\n", "\tif c.Err() != nil {\n\t\treturn p.acked, nil\n\t}\n"}},
			by:   wire("TestTheLastWordsCount|TestALostAnswerNamesItsStep"),
		},
		{
			name: "packet-length", holds: "no packet is longer than 256 KiB, whatever a server announces",
			cuts: []cut{{reader, "\tif n > most {\n\t\treturn protocol(", "\tif false {\n\t\treturn protocol("}},
			by:   wire("TestLiesEndTheSession"), hangs: 20 * time.Second,
		},
		{
			name: "listing-packet-length", holds: "one packet of a listing is bounded as well",
			cuts: []cut{{reader, "if most = c.opts.MaxListingPacket; n > most {", "if most = n; n > most {"}},
			by:   wire("TestAListingInOneLongPacketIsTakenWhereItIsAllowed"),
		},
		{
			name: "unasked-data", holds: "more data than was asked for ends the session",
			cuts: []cut{{reader, "case int(count) > len(r.into):\n\t\treturn protocol(\"DATA of %d bytes where %d were asked\", count, len(r.into))", "case int(count) > len(r.into):\n\t\tr.into = make([]byte, count)"}},
			by:   wire("TestLiesEndTheSession"),
		},
		{
			name: "unasked-answer", holds: "an answer to what was not sent yet ends the session",
			cuts: []cut{{reader, "if r == nil || !r.begun {", "if r == nil {"}},
			by:   wire("TestAnAnswerBeforeTheQuestionIsALie"),
		},
		{
			name: "answer-kind", holds: "an OK is no answer to a request that asks for something",
			cuts: []cut{{reader, "case r.kind == packet.Status && r.code() == packet.OK && want != 0:", "case false:"}},
			by:   wire("TestLiesEndTheSession"), hangs: 20 * time.Second,
		},
		{
			name: "listing-entries", holds: "a listing without end is ended",
			cuts: []cut{{list, "l.entries > l.opts.MaxEntries {", "false {"}},
			by:   wire("TestEndlessListingsEnd"), hangs: 20 * time.Second,
		},
		{
			name: "listing-broken-off", holds: "a listing that breaks off is not a listing of what is there",
			cuts: []cut{{list, "\tcase !l.ended:\n\t\tl.err = r.status()", "\tcase !l.ended:\n\t\tl.ended = true"}},
			by:   wire("TestAListingThatBreaksOffIsAnError"),
		},
		{
			name: "request-deadline", holds: "a request that is not answered is given up, and its session with it",
			cuts: []cut{{request, "if c.opts.RequestTimeout <= 0 {", "if true {"}},
			by:   wire("TestTheRequestTimeoutBoundsSilenceInNames"), hangs: 10 * time.Second,
		},
	}
}
