package main

// ofMessages are the lines that take nothing for a message that is not one, whole, unchanged and ours.
func ofMessages() []mutant {
	const opener, limits, contents, envelope, signatures = "pgp/opener.go", "pgp/limits.go", "pgp/contents.go", "pgp/envelope.go", "pgp/signatures.go"
	pgp := func(run string) tests { return tests{"pgp", run} }
	return []mutant{
		{
			name: "pgp-integrity", holds: "a message that was changed on its way does not land",
			cuts: []cut{{opener, "return m.bodyError(err, data.verify())", "return m.bodyError(err, nil)"}},
			by:   pgp("TestAFlippedBitNeverGivesOtherPlaintext"), short: true,
		},
		{
			name: "pgp-mdc", holds: "the hash at the end of a message is compared",
			cuts: []cut{{"pgp/cfb.go", "|| subtle.ConstantTimeCompare(mdc[2:], c.hash.Sum(nil)) != 1 {", "{"}},
			by:   pgp("TestAFlippedBitNeverGivesOtherPlaintext"),
		},
		{
			name: "pgp-truncated", holds: "a message that was cut is not taken for a whole one",
			cuts: []cut{{opener, "\tcase m.envelope.body.cut:\n\t\treturn reasonTruncated(m.src.read)\n\tcase verified != nil:", "\tcase verified != nil:"}},
			by:   pgp("TestACutMessageIsTruncatedAtEveryByte"),
		},
		{
			name: "pgp-no-integrity", holds: "a message without any integrity check is refused",
			cuts: []cut{{envelope, "\tcase tagSED:\n\t\treturn false, reasonNoIntegrity()", "\tcase tagSED:\n\t\te.body = p\n\t\treturn true, nil"}},
			by:   pgp("TestBrokenMessagesAreRefusedByName"),
		},
		{
			name: "pgp-trailing", holds: "a second message behind the first is not lost in silence",
			cuts: []cut{{opener, "\tcase n > 0:\n\t\treturn reasonTrailing(n)\n", ""}},
			by:   pgp("TestBrokenMessagesAreRefusedByName"),
		},
		{
			name: "pgp-clear-text", holds: "a file that is not encrypted is refused where encryption is asked for",
			cuts: []cut{{envelope, "if is, ok := clearPackets[p.tag]; ok {", "if is, ok := clearPackets[p.tag]; ok && false {"}},
			by:   pgp("TestClearTextIsRefusedHoweverItIsWrapped"),
		},
		{
			name: "pgp-signature-required", holds: "a message without a signature is refused where one is asked for",
			cuts: []cut{{signatures, "return \"\", reasonSignatureMissing()", "return \"\", nil"}},
			by:   pgp("TestSignaturesOfGPG|TestSignaturesAreJudgedAsOfWhenTheyWereMade"), short: true,
		},
		{
			name: "pgp-signature", holds: "a signature that does not fit the data is none",
			cuts: []cut{{signatures, "\t\t\treason = reasonSignatureBad(id, err)\n\t\t\tcontinue", "\t\t\treason = nil"}},
			by:   pgp("TestSignaturesOfGPG|TestSignaturesAreJudgedAsOfWhenTheyWereMade|TestBrokenMessagesAreRefusedByName"),
		},
		{
			name: "pgp-signer-known", holds: "a signature by somebody else than the customer is none",
			cuts: []cut{{signatures, "return \"\", reasonSignatureUnknown(s.unknown, s.ring)", "return s.unknown[0], nil"}},
			by:   pgp("TestSignaturesOfGPG|TestSignaturesAreJudgedAsOfWhenTheyWereMade"),
		},
		{
			name: "pgp-signer-revoked", holds: "a key that was revoked signs nothing",
			cuts: []cut{{signatures, "\t\treturn reasonSignatureRevoked(id)\n", "\t\treturn nil\n"}},
			by:   pgp("TestSignaturesAreJudgedAsOfWhenTheyWereMade"),
		},
		{
			name: "pgp-plain-limit", holds: "a message that unpacks to more than limits.max_file_size is stopped there",
			cuts: []cut{{limits, "if m.policy.MaxPlain > 0 && plain > m.policy.MaxPlain {", "if false {"}},
			by:   pgp("TestBombsStopAtTheirLimitInBoundedMemory"),
		},
		{
			name: "pgp-ratio", holds: "a bomb is stopped by what it unpacks to a byte received",
			cuts: []cut{{limits, "if m.policy.MaxRatio > 0 && plain > m.policy.RatioFrom", "if m.policy.MaxRatio < 0 && plain > m.policy.RatioFrom"}},
			by:   pgp("TestBombsStopAtTheirLimitInBoundedMemory"),
		},
		{
			name: "pgp-nested", holds: "compression within compression is refused",
			cuts: []cut{{contents, "\tif c.compressed {\n\t\treturn errNested\n\t}\n", ""}},
			by:   pgp("TestBombsStopAtTheirLimitInBoundedMemory|TestBrokenMessagesAreRefusedByName"),
		},
		{
			name: "pgp-recipients", holds: "a message with thousands of recipients costs no more than one with 64",
			cuts: []cut{{envelope, "if len(e.keys)+e.passwords > maxKeys || packets > 2*maxKeys {", "if false {"}},
			by:   pgp("TestBombsStopAtTheirLimitInBoundedMemory|TestBrokenMessagesAreRefusedByName"),
		},
		{
			name: "pgp-one-file", holds: "a message with two files in it is refused, not half taken",
			cuts: []cut{{contents, "func (c *contents) file(p *framed) error {\n\tif c.literal {\n\t\treturn errTwoLiterals\n\t}\n", "func (c *contents) file(p *framed) error {\n"}},
			by:   pgp("TestBrokenMessagesAreRefusedByName"),
		},
	}
}
