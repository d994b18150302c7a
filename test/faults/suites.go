package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// suite makes a case of tests that are there already: what needs a clock of its own, or bytes that no process should see.
func suite(id, title, holds, pkg, tests string) Case {
	return Case{ID: id, Title: title, Holds: holds, Times: map[Tier]int{Night: 1, Release: 1}, Run: func(ctx context.Context, p *pass) error {
		ran, err := goTest(ctx, pkg, tests)
		p.Rounds = ran
		return err
	}}
}

// absent is a case that nobody can run yet: its row says why.
func absent(id, title, holds, why string) Case {
	return Case{ID: id, Title: title, Holds: holds, Times: map[Tier]int{Night: 1, Release: 1}, Run: func(context.Context, *pass) error { return notRun{why} }}
}

// shownBy is a case that others are: its row names them, and counts as not run, because nothing of it is counted twice.
func shownBy(id, title, holds, others, how string) Case {
	return absent(id, title, holds, "shown by "+others+": "+how)
}

// goTest runs tests and says how many passed. One that was skipped did not show anything.
func goTest(ctx context.Context, pkg, tests string) (passed int, err error) {
	command := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-run", "^("+tests+")$", "./"+pkg)
	out, runErr := command.CombinedOutput()
	var skipped, ran, said []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Test == "" {
			continue
		}
		switch event.Action {
		case "pass":
			ran = append(ran, event.Test)
		case "skip":
			skipped = append(skipped, event.Test)
		case "output":
			said = append(said, event.Output)
		}
	}
	var exit *exec.ExitError
	switch gone := without(strings.Split(tests, "|"), ran); {
	case errors.As(runErr, &exit):
		return len(ran), fmt.Errorf("%s: %w\n%s", pkg, runErr, strings.Join(said[max(0, len(said)-30):], ""))
	case runErr != nil:
		return len(ran), runErr
	case len(skipped) > 0:
		return len(ran), notRun{"skipped: " + strings.Join(skipped, ", ")}
	case len(gone) > 0:
		return len(ran), fmt.Errorf("%s has no test %s", pkg, strings.Join(gone, ", "))
	}
	return len(ran), nil
}

// without gives the patterns that none of the tests fits: those have been renamed.
func without(patterns, tests []string) []string {
	return slices.DeleteFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(tests, regexp.MustCompile("^("+pattern+")$").MatchString)
	})
}

// suites are the groups G (time) and H (hostile servers), and what of the others lives in tests.
func suites() []Case {
	return slices.Concat(byTests(), hostile(), byOthers(), twoNodes(), missed())
}

// byTests is what of the groups B to I lives in tests.
func byTests() []Case {
	return []Case{
		suite("B35", "a name with a time in it, sent on the day after the kill", "I5", "transfer", "TestExportKeepsItsNameThroughAChange|TestExportRendersItsNameOnce"),
		suite("B36", "sealed, killed, sent again: the same bytes", "I5", "transfer", "TestExportSealsAndSendsTheSameBytesAgain"),
		suite("B39", "temporaries that attempts left: all of ours go, and no others", "I5", "transfer", "TestExportRemovesLeftoversUntilTheyAreGone|TestExportRemovesTheTemporaryOfWhatWasDropped|TestExportCleansOnlyItsOwnTemporaries"),
		suite("C42.4", "silence at the dial, in the key exchange, the login and the greetings: given up in time, and everything given back", "I6", "transfer/sftp", "TestSilenceAtTheDialIsGivenUp|TestSilenceBeforeASessionIsGivenUp|TestProxyThatNeverAnswers"),
		suite("C43", "a real sshd that stands still", "I6", "test/rows", "TestAnSSHDThatStandsStillIsGivenUp"),
		suite("C51", "twenty jobs at once, one session and one login at a time", "I6", "test/rows", "TestTwentyJobsAtOnceOnASmallSSHD"),
		suite("C52", "a refused login: tried once, then left alone", "I6", "transfer/sftp", "TestManyJobsTryAWrongPasswordOnce|TestBreaker.*|TestChanged.*IsTriedAtOnce|TestNetworkFailureUsesNoLoginUp|TestFirstRefusal.*"),
		suite("C53", "names that do not resolve, addresses that do not answer", "I6", "transfer/sftp", "TestDialFailuresAreToldApart|TestBindAddressAndTCP4|TestSilenceAtTheDialIsGivenUp"),
		suite("C53.2", "a name that leads elsewhere by now", "I6", "test/rows", "TestNameIsResolvedAtEveryDial"),
		suite("C55", "everything of every act that failed is given back: places, channels, handles, descriptors", "I6", "transfer/sftp", "TestFailedActsLeaveNothingOpen|TestFailedConnectionsLeaveNothingOpen|TestFailedSessionsGiveTheirPlaceBack|TestAccountLimitIsShared|TestServerLimitIsABusyServer"),
		suite("D68.3", "the customer overwrites while a source goes away, at each moment", "I1", "transfer", "TestImportMovesSourcesAsideInOneAct|TestImportAdoptsAVersionThatCameBeforeTheMove|TestImportAdoptsOnlyWhatIsQuiet|TestImportAdoptsEachVersionOnce"),
		suite("D69.1", "all times shift: held, and a plan says so", "I2", "transfer", "TestImportHoldsAMassChange|TestPlanShowsWhatAMassChangeHolds|TestImportSkipsWhatOnlyGotANewTime"),
		suite("D70", "all files vanish and return", "I1 I2", "transfer", "TestImportHoldsWhatVanishedAndCameBackAsItWas"),
		suite("G97", "slots of 24 zones, 8 schedules, 10 years, against a walk over every minute", "I12", "scheduler", "TestSlotsAgreeWithAWalkOverEveryMinute"),
		suite("G98", "named clock changes", "I12", "scheduler", "TestNamedClockChanges"),
		suite("G99", "down over slots; runs that were cut off", "I12", "scheduler", "TestAfterAnAbsence.*|TestALongAbsence.*|TestACrash.*|TestNoSlotIsLostWhereverTheProcessDies|TestEverySlotRunsOnceFromTheFirstLoadOn"),
		suite("G100", "clocks that jump", "I12", "scheduler", "TestAClockThat.*"),
		suite("G101", "one run of a job at a time, whoever asks", "I2 I12", "scheduler", "TestManyAskAtOnceAndOneRuns|TestARunByHandSharesTheJobsLock"),
		suite("G102", "a job that panics", "I12", "scheduler", "TestAPanicEndsItsRunOnly"),
		suite("G103", "jobs that are edited, paused, removed while they run", "I12", "scheduler", "TestReload|TestARemovedJob.*|TestAPausedJob.*|TestACronLineChanged.*"),
		suite("G104", "many jobs at one instant", "I12", "scheduler", "TestSlotsOfOneInstantRunOnce|TestPlacesAreBounded|TestJitter.*"),
		suite("I112.2", "the API has these routes, and the port of the metrics answers nothing else", "I9", "web", "TestEveryRouteAnswers|TestMetricsAnswerNothingElse"),
		suite("I115", "requests with anything in them", "I8 I10", "web", "FuzzRequests|TestBadRequests"),
		suite("I115.2", "names and reasons with anything in them, in the ledger and back", "I10", "store", "FuzzFileRow|FuzzReasonRow"),
		suite("I119", "the list of what people did is altered", "I10", "store", "TestTheAuditListIsAppendOnly"),
	}
}

// hostile is group H: 1 to 20 are what a server may do, 105 to 110 the same at large.
func hostile() []Case {
	return []Case{
		suite("H1", "names that lead out of the folder", "I8", "transfer/local", "TestNamesCannotLeaveTheFolders"),
		suite("H2", "names that mislead a reader or act upon a terminal", "I8", "transfer/naming", "TestCheckRefusesNamesThatLeaveOrMislead|TestPrintableShowsWhatCannotBeSeen|TestNamesOfOurOwn|FuzzReaddirName|FuzzPrintable|FuzzOwnNames"),
		suite("H3", "names that are taken: nothing is written over", "I1 I8", "transfer/local", "TestLandReplacesNothingUnlessAsked|TestLandNeverReplacesAFolderOrLink|TestCreateIsExclusiveAndPrivate"),
		suite("H3.2", "two files that come to one name", "I1 I3", "transfer", "TestImportNamesAndTakenNames"),
		suite("H4", "links, pipes, devices, folders where a file was listed", "I8", "transfer", "TestImportLeavesWhatIsNoFile|TestImportFromALyingServer"),
		suite("H5", "one name for ever", "I2 I7", "transfer", "TestImportTakesANameThatIsRepeatedForEverOnce|TestImportStopsAtMaxFilesAndEntries"),
		suite("H6", "files that grow, shrink or change while they are read", "I3", "transfer", "TestImportHoldsAFileThatChangesWhileItIsRead|TestImportOfAFileWhoseSizeChangesAtEveryLook|TestImportLeavesAGrowingFileToTheNextRun|TestImportWaitsUntilAFileIsQuiet"),
		suite("H7", "sizes that are lies: ten bytes, a terabyte, no end", "I3 I7", "transfer", "TestImportFromALyingServer|TestImportOfATerabyteThatIsNotThere|TestImportAsksForSpaceBeforeTheFirstByte|TestSpaceIsSetAsideForFilesThatAreUnderWay"),
		suite("H8", "a byte now and then", "I6", "transfer", "TestImportFromAServerThatDrips|TestExportToAServerThatDrips"),
		suite("H9", "answers that SFTP does not allow, for the engine alone", "I6", "transfer/sftp/wire", "Test.*"),
		suite("H9.2", "each lie in each answer, to both machines", "I3 I6", "transfer", "TestImportFromALyingServer|TestExportToALyingServer|TestImportIsWholeWhateverAReadGives|TestExportWhoseWriteIsRefusedAtAnyPosition"),
		suite("H10", "floods of banners and questions, logins without end, greetings that are none", "I6", "transfer", "TestNoSessionWithALyingServer"),
		suite("H11", "a host key that is another, of another type, or another at every time: nothing of ours is said", "I11", "transfer/sftp", "TestUnknownHostKeyIsShownAndNothingSent|TestChangedHostKeyStopsBeforeTheLogin|TestPinnedTypeThatIsGoneIsAChange"),
		suite("H12", "only old algorithms: refused unless they are named", "I11", "transfer/sftp", "TestTransportPutsOldAlgorithmsLastAndOnlyWhenAllowed|TestOldSignatureNeedsPermission|TestOldKeyExchangeIsNamed"),
		suite("H13", "the end of the connection at every request and packet", "I1 I2 I3 I5", "transfer", "TestImportThatIsCutAtEveryRequest|TestImportThatIsCutAtEveryPacket|TestExportThatIsCutAtEveryRequest|TestExportThatIsCutAtEveryPacket"),
		suite("H14", "OK for what was not done: seen where somebody may look, and never called proven elsewhere", "I5", "transfer", "TestExportReadsBack|TestExportThatReadsBackFindsAHole|TestExportReadBackShortIsNotSentAgain|TestExportWhereNobodyMayLook|TestExportWithoutVerifyStillRespectsTakenNames"),
		suite("H15", "a delete that is refused, or acknowledged and not done", "I2", "transfer", "TestImportDoesNotLandAgainWhatStaysAfterItsDelete|TestRetiringIsTroubleAndNoSecondSuccess"),
		suite("H18", "names and texts that would forge lines of the log", "I8", "cmd/haulier", "FuzzLogLine"),
		suite("H18.2", "what a server says to a failure", "I8 I9", "transfer", "TestImportRepeatsNothingHarmfulOfAServer|TestExportRepeatsNothingHarmfulOfAServer"),
		suite("H19", "names that lead into a network that is denied", "I8", "transfer/sftp", "TestDialFailuresAreToldApart"),
		suite("H20", "servers and proxies that repeat our password", "I9", "transfer/sftp", "TestAServerCannot.*|TestAProxyCannot.*"),
		suite("H105", "some 700 hostile names: on the import, in the archive, in what is said", "I8", "transfer", "TestImportOfHostileNames|TestImportRejectsUnsafeNamesAndGoesOn|TestImportOfTheLongestNames|TestImportSaysThatANameIsTooLong|FuzzNamesStayInside"),
		suite("H106", "endless and huge listings", "I7", "transfer/sftp", "TestListingIsCapped"),
		suite("H106.2", "endless and huge listings, for the engine alone", "I7", "transfer/sftp/wire", "TestEndlessListingsEnd|TestAListingOfExactlyTheLimitIsWhole|TestAListingThatBreaksOffIsAnError|TestAListingInOneLongPacketIsTakenWhereItIsAllowed|TestATimeLimitEndsAListingThatDrips|FuzzListing"),
		suite("H107", "messages of OpenPGP that are broken, wrong, unsigned, or bombs", "I3", "pgp",
			"TestACutMessageIsTruncatedAtEveryByte|TestAFlippedBitNeverGivesOtherPlaintext|TestClearTextIsRefusedHoweverItIsWrapped|TestBombsStopAtTheirLimitInBoundedMemory|TestMemoryDoesNotGrowWithTheFile|TestALockThatAsksForTooMuchIsNotTried|TestBrokenMessagesAreRefusedByName|TestContainersOfVersion2AndOfGnuPG|TestMessagesForOtherKeysSayForWhom|TestOurKeysAtFault|TestArmorIsReadAsPeopleSendIt|TestSignaturesAreJudgedAsOfWhenTheyWereMade|TestSignaturesOfGPG"),
		suite("H108", "host keys: nothing of ours is said before they match", "I11", "transfer/sftp", "Test.*HostKey.*|Test.*Pin.*"),
		suite("H109", "servers that have old algorithms only", "I11", "transfer/sftp", "TestTransportPutsOldAlgorithmsLastAndOnlyWhenAllowed|TestOld.*|TestRSAKeySignsWithSHA2Only|TestScanOfAnOldServerNamesItsAlgorithms"),
	}
}

// byOthers is what cases of the campaign show that have another number.
func byOthers() []Case {
	return []Case{
		shownBy("A17", "killed before the reply to a rename or a remove is read", "I1 I2", "A2.2, A2.3, A2.4 and A2.5", "sftp.rename.sent, sftp.posix-rename.sent and sftp.remove.sent are among their failpoints"),
		shownBy("A21", "killed while it recovers, up to three times in a row", "I1 I2", "A1 and B1", "after every third kill the run that recovers is killed as well"),
		shownBy("A24", "the platform takes a file within a millisecond, and the process dies between landing and ledger", "I2", "A1 and A2", "in each of their imports a consumer takes every file at once, and each step of a landing is among their failpoints"),
		shownBy("B37", "the server moves a file at CLOSE, and the process dies before the reply", "I5", "B1.18, B1.19, B2.18 and B2.19", "their servers sweep at the rename, or at CLOSE"),
		shownBy("D67.1", "a read-once server on which CLOSE is the acknowledgement: killed at each step, nothing is lost", "I1 I2", "A1.8 and A2.8", "D67.2 is the one on which a fetch that was cut off counts"),
		shownBy("H16", "OpenPGP: bombs, nested compression, no integrity, two messages, wrong signers", "I3 I7", "H107", "the same tests"),
	}
}

// twoNodes is group F.
func twoNodes() []Case {
	const why = "haulier is one process on one data folder and has no ledger that two could share; E83 shows the second one refused, docs/model has a run that wakes up late"
	var all []Case
	for i, title := range []string{
		"two nodes: both start at once", "two nodes: one stands still for longer than its lease, and wakes up", "two nodes: one is cut off from the ledger, from the server, or from both",
		"two nodes: the database restarts, or a copy takes over that lost a second", "two nodes: the clock of one is an hour off, or jumps", "two nodes: an old and a new version side by side",
		"two nodes: no connection to the database is free for a minute", "two nodes: one dies for ever and holds claims",
	} {
		all = append(all, absent(fmt.Sprintf("F%d", 89+i), title, "I1 I2 I5", why))
	}
	return all
}

// missed is what nobody can run yet, or what haulier has no part for.
func missed() []Case {
	const noWeb = "there are no pages, no login, no roles and no tokens: the API is a Unix socket in the data folder, for the owner alone, and metrics are a port of loopback"
	return []Case{
		absent("D71.2", "files of 4 GiB and more", "I3", "each takes minutes and twice its size on the disk"),
		absent("H17", "formulas in tables that are exported as CSV", "I8", "haulier exports no CSV: it prints tables for people and JSON, whose names are escaped (H105.2); what lands is never altered"),
		absent("H110", "hosts that lead into our own network", "I8", "hosts come from the configuration alone, which is trusted; what deny_networks forbids is refused in H19"),
		absent("I112", "each route for each role and tenant", "I9", noWeb+"; I112.2 lists the routes"),
		absent("I113", "requests that another site makes a browser send", "I9", noWeb),
		absent("I114", "sessions that are fixed, stolen or out of date", "I9", noWeb),
		absent("I116", "scripts in names and banners, on pages", "I8", noWeb),
		absent("I117", "logins that are tried a thousand times", "I9", noWeb+"; our own logins at servers are limited in C52"),
		absent("I118", "how long a wrong token takes", "I9", noWeb),
		absent("I122", "an upgrade from each released version", "I10", "no version has been released yet; E87 has the making of the store"),
		absent("J123", "72 hours with everything that goes wrong", "I1 I2 I3 I6 I7", "no machine has been free for so long; the longest is C56"),
		absent("J124", "10,000 files within a quarter of an hour", "I6 I7", "no case has so many files; C56 counts what a daemon holds after 1,000 runs"),
		absent("J125", "100 GB through one connection", "I3 I6", "it takes hours and twice its size on the disk; C49 changes keys every 256 KiB"),
		absent("J126", "a year of nights in a day", "I12", "the clock of the built program cannot be set; G97 to G100 have years of slots on a clock of their own, and E88 a ledger that is a day old"),
	}
}
