package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// suite makes a case of tests that are there already: what needs a clock of its own, or bytes that no process should see.
func suite(id, title, holds, pkg, tests string, flags ...string) Case {
	return Case{ID: id, Title: title, Holds: holds, Times: map[Tier]int{Night: 1, Release: 1}, Run: func(ctx context.Context, p *pass) error {
		ran, err := goTest(ctx, pkg, tests, flags)
		p.Rounds = ran
		return err
	}}
}

// goTest runs tests and says how many passed. One that was skipped did not show anything.
func goTest(ctx context.Context, pkg, tests string, flags []string) (passed int, err error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1", "-run", "^(" + tests + ")$", "./" + pkg}, flags...)...)
	out, runErr := command.CombinedOutput()
	var skipped, said []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Test == "" {
			continue
		}
		switch event.Action {
		case "pass":
			passed++
		case "skip":
			skipped = append(skipped, event.Test)
		case "output":
			said = append(said, event.Output)
		}
	}
	var exit *exec.ExitError
	switch {
	case errors.As(runErr, &exit):
		return passed, fmt.Errorf("%s: %w\n%s", pkg, runErr, strings.Join(said[max(0, len(said)-30):], ""))
	case runErr != nil:
		return passed, runErr
	case len(skipped) > 0:
		return passed, notRun{"skipped: " + strings.Join(skipped, ", ")}
	case passed == 0:
		return 0, fmt.Errorf("%s has no test %s", pkg, tests)
	}
	return passed, nil
}

// suites are the groups G (time) and H (hostile servers), and what of the others lives in tests.
func suites() []Case {
	return []Case{
		suite("C43", "a real sshd that stands still", "I6", "test/rows", "TestAnSSHDThatStandsStillIsGivenUp"),
		suite("C51", "twenty jobs at once, one session and one login at a time", "I6", "test/rows", "TestTwentyJobsAtOnceOnASmallSSHD"),
		suite("C52", "a refused login: tried once, then left alone", "I6", "transfer/sftp", "TestManyJobsTryAWrongPasswordOnce|TestBreaker.*|TestChanged.*IsTriedAtOnce|TestNetworkFailureUsesNoLoginUp|TestFirstRefusal.*"),
		suite("C53", "names that do not resolve, addresses that do not answer", "I6", "transfer/sftp", "TestDialFailuresAreToldApart|TestBindAddressAndTCP4"),
		suite("C55", "everything of every act that failed is given back", "I6", "transfer/sftp", "TestFailedSessionsGiveTheirPlaceBack|TestAccountLimitIsShared|TestServerLimitIsABusyServer"),
		suite("D68", "the customer overwrites while a source goes away", "I1", "transfer", "TestImportMovesSourcesAsideInOneAct|TestImportAdopts.*"),
		suite("D69", "all times shift; all files vanish and return", "I1 I2", "transfer", "TestImportHolds.*|.*MassChange.*|.*Brake.*"),
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
		suite("H9", "answers that SFTP does not allow, for the engine alone", "I6", "transfer/sftp/wire", "Test.*"),
	}
}
