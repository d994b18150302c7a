// Package storetest is what every store must do, whatever its database: the conformance suite.
package storetest

import (
	"testing"

	"github.com/haulier/haulier/store"
)

// Opener gives a fresh, empty store that the test's end closes. Its clock is the one given.
type Opener func(t *testing.T, clock *Clock) *store.Store

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for _, part := range []struct {
		name string
		test func(*testing.T, bundle)
	}{
		{"AReportIsKeptOnce", aReportIsKeptOnce},
		{"AnswersAreKeptForAWeek", answersAreKeptForAWeek},
		{"SilenceIsToldOnceAndEnds", silenceIsToldOnceAndEnds},
		{"WhatIsAwaitedFollowsTheConfiguration", whatIsAwaitedFollowsTheConfiguration},
		{"SeeNumbersGenerations", seeNumbersGenerations},
		{"KnownGivesTheNewest", knownGivesTheNewest},
		{"NamesAreRawBytes", namesAreRawBytes},
		{"FactsSurvive", factsSurvive},
		{"ClaimNeedsTheRowAsRead", claimNeedsTheRowAsRead},
		{"AdvanceNeedsFenceAndStep", advanceNeedsFenceAndStep},
		{"OneOfManyClaimsWins", oneOfManyClaimsWins},
		{"NoRunClaimsWhatIsDecided", noRunClaimsWhatIsDecided},
		{"ADecisionWritesRowAndAudit", aDecisionWritesRowAndAudit},
		{"ADecisionNeedsTheRowAsRead", aDecisionNeedsTheRowAsRead},
		{"EndClaimsFencesTheDead", endClaimsFencesTheDead},
		{"UnfinishedLeavesOutTheSettled", unfinishedLeavesOutTheSettled},
		{"StandingStreamsPages", standingStreamsPages},
		{"StandingTellsWhatRests", standingTellsWhatRests},
		{"MarkAbsentSparesWhatMoved", markAbsentSparesWhatMoved},
		{"EventGoesWithTheState", eventGoesWithTheState},
		{"StepsTellTheTimeline", stepsTellTheTimeline},
		{"OutcomeKeepsWhatTheRunSaw", outcomeKeepsWhatTheRunSaw},
		{"SlotsAreUniqueForEver", slotsAreUniqueForEver},
		{"RunsBeginAndEndOnce", runsBeginAndEndOnce},
		{"FollowersAreQueuedOnce", followersAreQueuedOnce},
		{"RetriesWaitUntilBegun", retriesWaitUntilBegun},
		{"LoadedRemembersTheFirstTime", loadedRemembersTheFirstTime},
		{"PausesEnd", pausesEnd},
		{"ConnectionsAreRemembered", connectionsAreRemembered},
		{"PinsAndBreakers", pinsAndBreakers},
		{"FormerAndExpired", formerAndExpired},
		{"HolderOfAName", holderOfAName},
		{"LandedInAFolder", landedInAFolder},
		{"LitteringIsWhatMayLieOnTheServer", litteringIsWhatMayLieOnTheServer},
		{"KeysHaveVersionsAndSlots", keysHaveVersionsAndSlots},
		{"SecretsAreKeptByName", secretsAreKeptByName},
		{"IncidentsAreOneACause", incidentsAreOneACause},
		{"IncidentsAreToldOnce", incidentsAreToldOnce},
		{"IncidentsWaitForTheirThreshold", incidentsWaitForTheirThreshold},
		{"ARunThatIsDoneAgainIsOneFailure", aRunThatIsDoneAgainIsOneFailure},
		{"IncidentsThatFlapGoOn", incidentsThatFlapGoOn},
		{"PeopleQuietenIncidents", peopleQuietenIncidents},
		{"IncidentsOfWhatIsGoneEnd", incidentsOfWhatIsGoneEnd},
		{"IncidentsAreSeenByTheirOwn", incidentsAreSeenByTheirOwn},
		{"LateBecomesMissing", lateBecomesMissing},
		{"HeldFilesKeepTheirIncident", heldFilesKeepTheirIncident},
		{"ManyIncidentsAreBounded", manyIncidentsAreBounded},
		{"ADeadServerExplainsWhatIsMissing", aDeadServerExplains},
		{"VerdictsAreComparedAndSet", verdictsAreComparedAndSet},
		{"ArrivalsAreCounted", arrivalsAreCounted},
		{"NothingIsExpectedOfWhatIsOff", nothingIsExpectedOfWhatIsOff},
		{"ExpectationsAreSeenByTheirOwn", expectationsAreSeenByTheirOwn},
		{"ExpectationsEndWithTheirJob", expectationsEndWithTheirJob},
		{"ExpectationsAreExtendedAndRenamed", expectationsAreExtendedAndRenamed},
		{"ChannelsBeginWithWhatComes", channelsBeginWithWhatComes},
		{"AttemptsClimbAndEnd", attemptsClimbAndEnd},
		{"AlertsGoToTheFallback", alertsGoToTheFallback},
		{"DeadChannelsAreGivenUp", deadChannelsAreGivenUp},
		{"ContactsKillNoChannel", contactsKillNoChannel},
		{"TheEndGoesToWhoeverHeard", theEndGoesToWhoeverHeard},
		{"TheEndIsNotForAll", theEndIsNotForAll},
		{"WhoStandsInHearsTheEnd", whoStandsInHearsTheEnd},
		{"WhoHeardNothingHearsNoEnd", whoHeardNothingHearsNoEnd},
		{"WhatIsBackIsHeardByWhoeverHeard", whatIsBackIsHeardByWhoeverHeard},
		{"WhatIsBackIsNewToSome", whatIsBackIsNewToSome},
		{"FeedsHearWhatTheyAskFor", feedsHearWhatTheyAskFor},
		{"TheEndOfALongIncidentIsHeard", theEndOfALongIncidentIsHeard},
		{"DeliveriesAreSeenByTheirOwn", deliveriesAreSeenByTheirOwn},
		{"PruningKeepsWhatIsToBeTold", pruningKeepsWhatIsToBeTold},
		{"EpochsChange", epochsChange},
		{"NumbersAreJumpedOver", numbersAreJumpedOver},
		{"LogsAreBounded", logsAreBounded},
		{"RetriesFoldIntoOneRequest", retriesFoldIntoOneRequest},
		{"MidnightDivides", midnightDivides},
		{"DaysAreThoseOfTheZone", daysAreThoseOfTheZone},
		{"PruningNeverChangesFigures", pruningNeverChangesFigures},
		{"SearchesFind", searchesFind},
		{"SightNarrowsSearches", sightNarrowsSearches},
		{"PagesHaveNoHolesAndNoDoubles", pagesHaveNoHolesAndNoDoubles},
		{"LastsAreOneAJob", lastsAreOneAJob},
		{"HoursAreThoseThatPassed", hoursAreThoseThatPassed},
		{"SightNarrowsFigures", sightNarrowsFigures},
		{"MarksShowWhatWasDueAndWhatRan", marksShowWhatWasDueAndWhatRan},
		{"OddJobsComeFirst", oddJobsComeFirst},
		{"ArrivalsAreThoseOnTheClock", arrivalsAreThoseOnTheClock},
		{"RevisionsAreNumbered", revisionsAreNumbered},
		{"RenamedJobsKeepTheirHistory", renamedJobsKeepTheirHistory},
		{"TogetherIsAllOrNothing", togetherIsAllOrNothing},
		{"AuditIsALongMemory", auditIsALongMemory},
		{"UsersAndTheirSessions", usersAndTheirSessions},
		{"TheLastAdminStays", theLastAdminStays},
		{"SessionsAreBounded", sessionsAreBounded},
		{"TokensAreKeptByTheirHash", tokensAreKeptByTheirHash},
		{"RefusedLoginsWait", refusedLoginsWait},
		{"KnownAddressesAreNotShutOut", knownAddressesAreNotShutOut},
		{"ObjectsHaveOwners", objectsHaveOwners},
		{"LinksToSheetsEnd", linksToSheetsEnd},
		{"AnswersToSheets", answersToSheets},
		{"AlarmsEndByWhatCame", alarmsEndByWhatCame},
		{"LastGoodRunIsOneBefore", lastGoodRunIsOneBefore},
		{"FiftyWritersNeverMeetABusyDatabase", fiftyWriters},
	} {
		t.Run(part.name, func(t *testing.T) {
			clock := NewClock()
			part.test(t, bundle{open(t, clock), clock})
		})
	}
}
