package sftptest

import (
	"bytes"
	"io"
	"os"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// lies are the answers that SFTP does not allow, made of the honest one.
var lies = map[Action]func(s *session, a *asked, honest reply) error{
	MoreData: func(s *session, a *asked, _ reply) error {
		return s.answer(a, data(make([]byte, a.log.Length+1)))
	},
	WrongID: func(s *session, a *asked, honest reply) error {
		s.note(a, honest.code)
		return s.send(frame(a.id+1<<20, honest))
	},
	WrongType: func(s *session, a *asked, honest reply) error {
		return s.answer(a, reply{kind: 99, fields: honest.fields})
	},
	Twice: func(s *session, a *asked, honest reply) error {
		_ = s.answer(a, honest)
		return s.send(frame(a.id, honest))
	},
	StaleData: func(s *session, a *asked, honest reply) error {
		_ = s.answer(a, honest)
		return s.send(frame(a.id, data([]byte("stale"))))
	},
	EmptyPacket: func(s *session, a *asked, _ reply) error {
		s.note(a, packet.OK)
		return s.send([]byte{0, 0, 0, 0})
	},
	OverlongPacket: func(s *session, a *asked, honest reply) error {
		s.note(a, honest.code)
		b := append(frame(a.id, honest), make([]byte, overlong)...)
		packet.AppendUint32(b[:0], overlong)
		return s.send(b[:4+overlong])
	},
	Truncated: func(s *session, a *asked, honest reply) error {
		s.note(a, honest.code)
		b := frame(a.id, honest)
		_ = s.send(b[:len(b)/2])
		return errHangUp
	},
}

// overlong is a length that nobody has to believe.
const overlong = packet.MaxLength + 44<<10

// data makes a DATA.
func data(b []byte) reply {
	return reply{kind: packet.Data, fields: append(packet.AppendUint32(nil, uint32(len(b))), b...)}
}

// status is what a fault answers.
func (f Fault) status() reply {
	if f.Text == "" {
		return status(f.Code)
	}
	return statusSaying(f.Code, f.Text)
}

// meddle does to the file of a request what a customer's program may do at that moment.
func (s *session) meddle(a *asked, what Action) {
	root, name := s.server.root, disk(a.log.Path)
	info, err := root.Stat(name)
	if err != nil {
		return
	}
	switch what {
	case Grow:
		if file, err := root.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			_, _ = file.Write([]byte("+"))
			_ = file.Close()
		}
	case Shrink:
		_ = truncate(root, name, info.Size()/2)
	case Replace:
		s.replace(name, info)
	}
}

// replace puts another file in the place of one: written under another name and renamed, as good customers do.
func (s *session) replace(name string, old os.FileInfo) {
	root, fresh := s.server.root, name+".fresh"
	file, err := root.Create(fresh)
	if err != nil {
		return
	}
	_, _ = io.Copy(file, bytes.NewReader(bytes.Repeat([]byte("N"), int(old.Size()))))
	_ = file.Close()
	younger := old.ModTime().Add(time.Minute)
	_ = root.Chtimes(fresh, younger, younger)
	_ = root.Rename(fresh, name)
}
