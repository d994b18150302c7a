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
	return []Case{
		suite("B35", "a name with a time in it, sent on the day after the kill", "I5", "transfer", "TestExportKeepsItsNameThroughAChange"),
		suite("B36", "sealed, killed, sent again: the same bytes", "I5", "transfer", "TestExportSealsAndSendsTheSameBytesAgain"),
		suite("B39", "temporaries that attempts left: all of ours go, and no others", "I5", "transfer", "TestExportRemoves.*|TestExportCleansOnlyItsOwnTemporaries"),
		suite("C43", "a real sshd that stands still", "I6", "test/rows", "TestAnSSHDThatStandsStillIsGivenUp"),
		suite("C51", "twenty jobs at once, one session and one login at a time", "I6", "test/rows", "TestTwentyJobsAtOnceOnASmallSSHD"),
		suite("C52", "a refused login: tried once, then left alone", "I6", "transfer/sftp", "TestManyJobsTryAWrongPasswordOnce|TestBreaker.*|TestChanged.*IsTriedAtOnce|TestNetworkFailureUsesNoLoginUp|TestFirstRefusal.*"),
		suite("C53", "names that do not resolve, addresses that do not answer", "I6", "transfer/sftp", "TestDialFailuresAreToldApart|TestBindAddressAndTCP4"),
		suite("C55", "everything of every act that failed is given back", "I6", "transfer/sftp", "TestFailedSessionsGiveTheirPlaceBack|TestAccountLimitIsShared|TestServerLimitIsABusyServer"),
		suite("D68", "the customer overwrites while a source goes away", "I1", "transfer", "TestImportMovesSourcesAsideInOneAct|TestImportAdopts.*"),
		suite("D69", "all times shift; all files vanish and return", "I1 I2", "transfer", "TestImportHolds.*|.*MassChange.*"),
		absent("D71.2", "files of 4 GiB and more", "I3", "each takes minutes and twice its size on the disk"),
		absent("F89", "two nodes on one ledger (89 to 96): paused, cut off, with other clocks, of other versions, on a database that fails over", "I1 I2 I5",
			"haulier is one process on one data folder and has no ledger that two could share; E83 shows the second one refused, docs/model has a run that wakes up late"),
		suite("G97", "slots of 24 zones, 8 schedules, 10 years, against a walk over every minute", "I12", "scheduler", "TestSlotsAgreeWithAWalkOverEveryMinute"),
		suite("G98", "named clock changes", "I12", "scheduler", "TestNamedClockChanges"),
		suite("G99", "down over slots; runs that were cut off", "I12", "scheduler", "TestAfterAnAbsence.*|TestALongAbsence.*|TestACrash.*|TestNoSlotIsLostWhereverTheProcessDies|TestEverySlotRunsOnceFromTheFirstLoadOn"),
		suite("G101", "one run of a job at a time, whoever asks", "I2 I12", "scheduler", "TestManyAskAtOnceAndOneRuns|TestARunByHandSharesTheJobsLock"),
		suite("G100", "clocks that jump", "I12", "scheduler", "TestAClockThat.*"),
		suite("G102", "a job that panics", "I12", "scheduler", "TestAPanicEndsItsRunOnly"),
		suite("G103", "jobs that are edited, paused, removed while they run", "I12", "scheduler", "TestReload|TestARemovedJob.*|TestAPausedJob.*|TestACronLineChanged.*"),
		suite("G104", "many jobs at one instant", "I12", "scheduler", "TestSlotsOfOneInstantRunOnce|TestPlacesAreBounded|TestJitter.*"),
		suite("H105", "hostile names", "I8", "transfer", "Test.*Name.*|Test.*Unsafe.*"),
		suite("H106", "endless and huge listings", "I7", "transfer/sftp", "TestListingIsCapped|TestKilledServerIsALostConnection"),
		suite("H106.2", "endless and huge listings, for the engine alone", "I7", "transfer/sftp/wire", "Test.*Listing.*"),
		suite("H107", "messages of OpenPGP that are broken, wrong, or bombs", "I3", "pgp", "TestACutMessageIsTruncatedAtEveryByte|TestAFlippedBitNeverGivesOtherPlaintext|TestClearTextIsRefusedHoweverItIsWrapped|Test.*Bomb.*|Test.*Limit.*"),
		suite("H108", "host keys: nothing of ours is said before they match", "I11", "transfer/sftp", "Test.*HostKey.*|Test.*Pin.*"),
		suite("H109", "servers that have old algorithms only", "I11", "transfer/sftp", "TestTransportPutsOldAlgorithmsLastAndOnlyWhenAllowed|TestOld.*|TestRSAKeySignsWithSHA2Only"),
		absent("H110", "hosts that lead into our own network", "I8", "hosts come from the configuration alone, which is trusted; what deny_networks forbids is refused in C53"),
		suite("H10", "floods of banners and questions, logins without end, greetings that are none", "I6", "transfer", "TestNoSessionWithALyingServer"),
		suite("H20", "servers and proxies that repeat our password", "I9", "transfer/sftp", "TestAServerCannot.*|TestAProxyCannot.*"),
		suite("H9", "answers that SFTP does not allow, for the engine alone", "I6", "transfer/sftp/wire", "Test.*"),
	}
}
