/*
 * The import machine: one job, one path, versions of one file that a customer puts there one after another.
 *
 * docs/state-machine.md says what each step is for; transfer/import_*.go does it. The labels of Node below are the names
 * of the functions there, and the steps are those of job.Step. README.md has the bounds, the rules and how to run this.
 *
 * A rule is taken out with -DNO_Rx or -DNO_Hx: then spin must find a run in which a file is lost, doubled or mixed.
 */

#ifndef V
#define V 2             /* versions that the customer puts under the path */
#endif
#ifndef FAULTS
#define FAULTS 2        /* kills, power cuts and lost answers, in all */
#endif
#ifndef TAKES
#define TAKES 1         /* times that the customer takes a file away again */
#endif
#ifndef NODES
#define NODES 1         /* 2: a second node wakes the rules about fences */
#endif
#ifndef MODE
#define MODE 0          /* which job: see init; 0 is any */
#endif
#define ROWS   7        /* generations that the ledger may hold, and row 0 */
#define ASIDES 7        /* names aside that rows may give */
#define NAMES  (ASIDES + 1)

/* The steps of the ledger, job/file.go. Zero: there is no row. */
#define seen       1
#define claimed    2
#define downloaded 3
#define landing    4
#define landed     5
#define retiring   6
#define done       7
#define checked    8

/* States, as far as the machine asks for them. */
#define Waiting 0
#define Landed  1
#define Held    2
#define Skipped 3       /* withdrawn by the customer */
#define Rejected 4      /* by a person, who looked at it */

/*
 * Content. v is version v, whole; HALF(v) is what lies there while the customer writes it in place; MIX is what somebody
 * has who read while it was written. A fingerprint is what size and time tell of a content: of every content another one,
 * but with -DTWINS, where version 2 has the size and the time of version 1. No reader could tell such twins apart that
 * overwrite one another, so there version 2 comes only once the path is free.
 */
#define nothing 0
#define HALF(v) ((v) + V)
#define MIX     (2 * V + 1)
#define whole(c) ((c) <= V)
#ifdef TWINS
#define LATE false      /* README.md says why */
#define print(c) ((c) == 2 -> 1 : (c))
#else
#define LATE true
#define print(c) (c)
#endif

/* The customer's server: what lies at the path itself (0) and at each name aside. */
#define PATH 0
byte at[NAMES];
byte owner[NAMES];      /* the row that gave the name */
byte names = 1;         /* the next name aside that nobody had */
byte pen;               /* 1 + the name under which the file lies that the customer has open, 0: none */

/* What this job and this server are like; chosen once, below. */
bit keeps;              /* the source stays where it is */
bit claims;             /* claim: rename */
bit once;               /* the server gives a file once */
bit stores;             /* the received bytes are kept: archive, or once */
bit replaces;           /* RENAME on this server replaces what has the new name */

/* The ledger. The newest row is that of the path. */
typedef Row {
	byte step;
	byte state;
	byte fence;
	byte print;     /* Size and ModTime */
	byte aside;     /* Aside; 0: none */
	bit moved;      /* Moved */
	bit absent;     /* Absent */
	bit kept;       /* Kept */
	byte stage;     /* Stage: the fence of the ready file that may land */
#ifdef SUPERVISED
	byte approved;  /* the content that a person approved: the hash of an approval */
#endif
	byte got        /* what the bytes are that the row's files here hold; nobody but the checks looks at it */
}
Row row[ROWS];
byte rows = 1;          /* row 0 stands for a path that was never seen: done, and of no print */

/* The disk here: ready files by row and fence, and which renames a power cut may still undo. */
short ready[ROWS];       /* a bit for each fence */
byte weakReady;         /* 1 + the row whose ready file has its name, but not durably */
byte weakLanding;       /* 1 + the row whose landing is not durable */

/* What reached the consumer, who takes files at once; and what the world did that nobody is to blame for. */
byte landings[V + 1];
bit consumed[V + 1];    /* the server counts it as fetched */

#ifdef SUPERVISED       /* the job holds each file until a person has looked at it */
bit looked[2 * V + 2];  /* a person looked at a file of this content, and approved it */
#endif

byte faults = FAULTS;
byte takes = TAKES;
bit fetching[2];        /* this node reads the source at this moment */
bit customerDone;
bit takenOver;          /* a second node took the first one for dead */
bit zombie;             /* the first node is still at it */
byte takeovers = NODES - 1;
byte calm;              /* runs since nothing can happen any more */

/* A request whose session died and that may take effect yet. */
#define RENAME 1
#define REMOVE 2
byte late, lateFrom, lateTo;

/* Answers. */
#define OK   0
#define GONE 1          /* no such file */
#define NO   2          /* it failed */
#define LOST 3          /* the session died: nobody knows */

/* Each node's listing marks the rows that were written since it began: R2. */
byte since[2];
bit looking[2];

/* ------------------------------------------------------------------------------------------------------- the rules */

#ifdef NO_R1            /* stage names carry the fence */
#define READY(fence) 0
#else
#define READY(fence) (fence)
#endif

#ifdef NO_R2            /* a listing judges only rows that were not written since it began */
#define judges(n) true
#else
#define judges(n) (((since[me] >> (n)) & 1) == 0)
#endif

#ifdef NO_R5            /* what was moved aside is looked at: another version is adopted */
#define ours(c) true
#else
#define ours(c) (print(c) == known)
#endif

#ifdef NO_R7            /* a proven move ends a generation */
#define ended(n) row[n].absent
#else
#define ended(n) (row[n].absent || row[n].moved)
#endif

#ifdef NO_H1            /* what is adopted waits until it is quiet, as every source does */
#define quiet(c) true
#else
#define quiet(c) whole(c)
#endif

/* What lies under name i of row n's is another version than the row's own, which is gone once it was seen under another name. */
#define another(n, c) (print(c) != row[n].print || row[n].state == Skipped || (row[n].moved && row[n].aside != i))

/* ------------------------------------------------------------------------------------------------ what must hold */

/* What goes wrong is said by its name before the run ends, so that the tests see that it is what they expect. */
#define must(name, holds) if :: holds :: else -> c_code { printf("BROKEN " #name "\n"); }; assert(false) fi

/* Our REMOVE took a content off the server: only what has landed, durably, may go. */
inline destroyed(c) {
	must(EARLY_DELETE, whole(c) && landings[c] > 0 && (weakLanding == 0 || row[weakLanding - 1].got != (c)))
}

inline landsNow(c) {
#ifdef SUPERVISED
	must(UNSEEN, looked[c]);
#endif
	must(PARTIAL, whole(c));        /* neither half nor mixed */
	landings[c]++;
	must(DUP, landings[c] == 1)
}

/* Everything has come to rest: whatever lies on the server, or was given out by it, has landed, or a person is told. */
#define parked(n) (row[n].state == Held || row[n].state == Rejected)
#define heldAs(n, c) (parked(n) && (row[n].print == print(c) || row[n].got == (c)))
#define told(c) (heldAs(1, c) || heldAs(2, c) || heldAs(3, c) || heldAs(4, c) || heldAs(5, c) || heldAs(6, c))

inline atRest() {
	d_step {
		i = 0;
		do
		:: i < NAMES ->
			must(LOST, at[i] == nothing || landings[at[i]] == 1 || told(at[i]));
			i++
		:: else -> break
		od;
		i = 1;
		do
		:: i <= V ->
			must(LOST, !consumed[i] || landings[i] == 1 || told(i));
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < rows ->                  /* nothing is stuck */
			must(STUCK, row[i].step == done || row[i].state == Held);
			i++
		:: else -> break
		od;
		c_code { if (!rested) { rested = 1; printf("RESTED\n"); } };
		i = 0
	}
}

/* ------------------------------------------------------------------------------------------------------ the server */

/* The new name is taken over by what had the old one, and so by whoever holds that open. */
inline renames(from, to) {
	if
	:: at[from] == nothing -> answer = GONE
	:: at[from] != nothing && at[to] != nothing && !replaces -> answer = NO
	:: else ->
		if
		:: at[to] != nothing -> destroyed(at[to])
		:: else
		fi;
		at[to] = at[from];
		at[from] = nothing;
		if
		:: pen == from + 1 -> pen = to + 1
		:: else
		fi;
		answer = OK
	fi
}

inline removes(from) {
	if
	:: at[from] == nothing -> answer = GONE
	:: else ->
		destroyed(at[from]);
		at[from] = nothing;
		answer = OK
	fi
}

inline serves(kind, from, to) {
	if
	:: kind == RENAME -> renames(from, to)
	:: kind == REMOVE -> removes(from)
	fi
}

/* A request is answered; or it is done and the answer lost; or the session dies first, and it is done later, or never. */
inline request(kind, from, to) {
	if
	:: serves(kind, from, to)
	:: faults > 0 -> faults--; serves(kind, from, to); goto cut
	:: faults > 0 && late == 0 && LATE -> faults--; late = kind; lateFrom = from; lateTo = to; goto cut
	fi
}

/* Where a file is given once, a session that dies with it open may have used it up. */
inline usedUp() {
	if
	:: once && at[PATH] == first -> consumed[first] = 1; at[PATH] = nothing; row[r].got = first
	:: true
	fi
}

/* ------------------------------------------------------------------------------------------------------ the ledger */

#define newest (rows - 1)
#define open(n) (row[n].step == seen && row[n].state != Held)   /* found, and not yet taken */

/* Each write to a row is one that a listing under way does not know of. */
#define touch(n) \
	since[0] = since[0] | (looking[0] << (n)); \
	since[1] = since[1] | (looking[1] << (n))

/* Claim: the row comes into the hands of this process, under a fence of its own. */
inline claim() {
	row[r].fence++;
	assert(row[r].fence < 14);
	touch(r);
	step = row[r].step; fence = row[r].fence; known = row[r].print; aside = row[r].aside; moved = row[r].moved;
	away = row[r].absent; stage = row[r].stage; kept = row[r].kept; state = row[r].state
}

/* Advance: one durable step, written only if the row still stands where this process saw it last. */
inline advance(to) {
	if
	:: row[r].fence == fence && row[r].step == step ->
		log(step, to);
		step = to;
		row[r].step = to; row[r].state = state; row[r].print = known; row[r].aside = aside; row[r].moved = moved;
		row[r].absent = away; row[r].stage = stage; row[r].kept = kept;
		if
		:: got != nothing -> row[r].got = got
		:: else
		fi;
		touch(r)
	:: else -> goto settled         /* somebody else has it by now: what they write is true */
	fi;
	mayDie()
}

/* Steps that a listing writes to a row, whoever has it in hand. */
inline put(n, to) {
	log(row[n].step, to);
	row[n].step = to;
	touch(n)
}

/* The harness is told of every step that is ever taken, and compares them with those of the program. */
hidden byte logFrom, logTo;
c_decl { static char taken[16][16], rested; }
inline log(from, to) {
	logFrom = from;
	logTo = to;
	c_code {
		if (!taken[logFrom][logTo]) {
			taken[logFrom][logTo] = 1;
			printf("STEP %d %d\n", logFrom, logTo);
		}
	}
}

/* A generation begins. */
inline see(content, lies) {
	assert(rows < ROWS);
	row[rows].step = seen; row[rows].print = print(content); row[rows].aside = lies;
	touch(rows);
	rows++
}

/* ------------------------------------------------------------------------------------------------------- the faults */

/* The process may be killed after any step; or the machine loses its power, and with it what was not synced. */
inline mayDie() {
	if
	:: true
	:: faults > 0 -> faults--; goto died
	:: faults > 0 && NODES == 1 && (weakReady != 0 || weakLanding != 0) -> faults--; powerCut(); goto died
	fi
}

inline powerCut() {
	if
	:: weakReady != 0 -> ready[weakReady - 1] = 0
	:: else
	fi;
	if
	:: weakLanding != 0 ->
		ready[weakLanding - 1] = ready[weakLanding - 1] | (1 << READY(row[weakLanding - 1].stage));
		landings[row[weakLanding - 1].got]--
	:: else
	fi;
	weakReady = 0;
	weakLanding = 0
}

#define sync() weakReady = 0; weakLanding = 0

#if !defined(UNTOLD) || defined(TAKEN_WHILE_READ) /* where a server tells nothing of open files, a hole that is known: see README.md */
#define mayTake true
#else
#define mayTake (!fetching[0] && !fetching[1] && row[newest].step != downloaded)
#endif

#ifndef READ_LATE       /* the same hole, where it is a late rename of ours that takes the file */
#define mayBeDone (late != RENAME || lateFrom != PATH || mayTake)
#else
#define mayBeDone true
#endif

/* ------------------------------------------------------------------------------- what the machine does in one breath */

/* import_look.go: follow and judge. What a listing shows is quiet when it is whole: no writer pauses longer than stable_for. */
inline follow() {
	if
	:: row[newest].step == claimed && row[newest].aside == 0 ->     /* R9: a read-once server shows it still */
#ifndef NO_H4
		if
		:: row[newest].print != print(listed[PATH]) && row[newest].state != Held -> consume(newest)
		:: row[newest].print != print(listed[PATH]) && row[newest].state == Held -> goto new
		:: row[newest].print == print(listed[PATH]) -> restart()
		fi
#else
		restart()
#endif
	:: else ->
		if
		:: !judges(newest)                                      /* busy */
		:: judges(newest) && open(newest) ->
			if
			:: row[newest].aside != 0                       /* busy: its version goes first */
			:: row[newest].aside == 0 && (row[newest].print != print(listed[PATH]) || row[newest].absent) -> restart()
			:: else -> takeLater(newest)
			fi
		:: judges(newest) && !open(newest) ->
			if
			:: row[newest].step != done && row[newest].state != Held        /* busy */
			:: (row[newest].step == done || row[newest].state == Held) && row[newest].print != print(listed[PATH]) -> goto new
			:: row[newest].print == print(listed[PATH]) && row[newest].state == Held
			:: row[newest].print == print(listed[PATH]) && row[newest].step == done && row[newest].state != Held ->
				if
				:: ended(newest) -> goto new
				:: else                                 /* known, or staying */
				fi
			fi
		fi
	fi
}

/* H8: what is taken is the row that was judged, as it was then. */
inline takeLater(n) {
	if
	:: whole(listed[PATH]) -> pathRow = n; since[me] = since[me] & ~(1 << n)
	:: else
	fi
}

#ifdef NO_H8
#define mayTakeRow() (pathRow != 0 && open(newest))
#define rowToTake newest
#else
#define mayTakeRow() (pathRow != 0 && open(pathRow) && judges(pathRow))
#define rowToTake pathRow
#endif

/* The quiet time of a source begins again. */
inline restart() {
	row[newest].print = print(listed[PATH]);
	row[newest].absent = 0; row[newest].moved = 0; row[newest].kept = 0; row[newest].state = Waiting;
	put(newest, seen);
	takeLater(newest)
}

/* A read-once server gave it to a run that died: a person is told. */
inline consume(n) {
	row[n].state = Held;
	row[n].absent = 1;
	put(n, claimed)
}

/* The newest row of what lies under our name n. H5: there may be several such names at a time, so it need not be the
 * newest row of the path. */
inline findHolder(n) {
#ifdef NO_H5
	holder = newest;
	if
	:: row[newest].aside == n
	:: else -> holder = 0
	fi
#else
	holder = newest;
	do
	:: holder > 0 && row[holder].aside != n -> holder--
	:: else -> break
	od
#endif
}

/* A late rename may also have moved the version of a newer row than n: H6. */
inline findCarried(n, c) {
#ifndef NO_H6
	version = newest;
	do
	:: version > n && row[version].print != print(c) -> version--
	:: else -> break
	od;
	if
	:: version > n && !row[version].moved && !row[version].absent && row[version].state != Skipped
	:: else -> version = 0
	fi
#else
	skip
#endif
}

/* import_adopt.go: adopt. What lies under our name n is a version of its own, unless an earlier run has said so. Only where a
 * listing showed it is it taken at once. */
inline adopt(o, n, c, shown) {
	findHolder(n);
	findCarried(o, c);
	if
	:: holder != 0 && holder != o -> takeOver(c, shown)
	:: (holder == 0 || holder == o) && version != 0         /* the next listing finds it */
	:: else ->
#ifndef NO_H5           /* a row that was found and not taken, and that will not be the newest any more, ends */
		if
		:: open(newest) && row[newest].aside == 0 -> row[newest].state = Skipped; row[newest].absent = 1; put(newest, done); mayDie()
		:: else
		fi;
#endif
		see(c, n);
		if
		:: shown && quiet(c) -> adopted = adopted | (1 << newest)
		:: else
		fi
	fi;
	holder = 0; version = 0
}

inline takeOver(c, shown) {
	if
	:: shown && open(holder) && row[holder].print == print(c) && quiet(c) -> adopted = adopted | (1 << holder)
	:: open(holder) && row[holder].print != print(c) ->     /* its writer still has it open */
		row[holder].print = print(c);
		row[holder].state = Waiting;
		put(holder, seen)
	:: else
	fi
}

/* A rename that took effect late, and took along the version of a row that the next listing would decide about. */
#define awaitsListing(n) (open(n) || (row[n].step == claimed && row[n].aside == 0 && row[n].state != Held))
#define movedLate(n, c) (awaitsListing(n) && row[n].aside == 0 && row[n].print == print(c) && listed[PATH] == nothing)

inline takeMoved(n) {
	row[n].aside = i;
	row[n].moved = 1;
	row[n].state = Waiting;
	put(n, seen);
	if
	:: quiet(entry) -> adopted = adopted | (1 << n)
	:: else
	fi
}

/* What lies under another name of the row's is no business of a person who looks at it, nor of one who rejected it. S6. */
#ifdef NO_S6
#define over(n) (row[n].step == done && !parked(n))
#else
#define over(n) ((row[n].step == done && row[n].state != Held) || row[n].step == checked)
#endif

/* sweepAside: name i, which row r gave, is in the listing. */
inline sweepAside() {
	r = owner[i];
	entry = listed[i];
	findHolder(i);
	if
	:: holder != 0 && open(holder) -> takeOver(entry, true)
	:: else ->
		if
		:: holder != 0 -> r = holder
		:: else
		fi;
		if
		:: movedLate(r, entry) -> takeMoved(r)
		:: !movedLate(r, entry) && !over(r)     /* its own recovery decides */
		:: over(r) && !another(r, entry) ->
			if
			:: row[r].state == Landed && row[r].step == done && !keeps -> goto disposeLate
			:: else
			fi
		:: over(r) && another(r, entry) ->
			findCarried(r, entry);
			if
			:: version == 0 -> adopt(r, i, entry, true)
			:: version != 0 && movedLate(version, entry) -> takeMoved(version)
			:: version != 0 && row[version].step == done && row[version].state == Landed && !keeps -> r = version; version = 0; goto disposeLate
			:: else
			fi
		fi
	fi;
	r = 0; holder = 0; version = 0;
	entry = nothing
}

/* Where the newest row's source should be listed. */
#define place (row[newest].step == seen -> row[newest].aside : PATH)

/* H12: what only another listing shows, or could have moved between the two, is not missed. */
#ifdef NO_H12
#define shownAgain false
#else
#define cameUp(n) (at[n] != nothing && listed[n] == nothing)
#define shownAgain (!(row[newest].step == done && row[newest].moved) && (at[place] != nothing || \
	cameUp(1) || cameUp(2) || cameUp(3) || cameUp(4) || cameUp(5) || cameUp(6) || cameUp(7)))
#endif

/* markAbsent and withdraw: only the newest row is asked, and only if it did not move since the listing began. */
inline markAbsent() {
	if
	:: !judges(newest) || row[newest].absent
	:: else ->
		if
		:: listed[place] != nothing || shownAgain
		:: listed[place] == nothing && !shownAgain ->
			if
			:: row[newest].step == done ->
				row[newest].absent = 1;
				touch(newest)
			:: open(newest) ->
				row[newest].absent = 1;
				row[newest].state = Skipped;
				put(newest, done)
			:: row[newest].step == claimed && row[newest].aside == 0 && row[newest].state != Held ->
#ifdef NO_R9            /* what a read-once server gave to a run that died is held */
				row[newest].absent = 1;
				row[newest].state = Skipped;
				put(newest, done)
#else
				consume(newest)
#endif
			:: else
			fi
		fi
	fi
}

/* A name aside carries row and fence: nobody else gives it. */
inline asideOf() {
	assert(names < NAMES);
	aside = names;
	owner[names] = r;
	names++;
	owned = fence
}

/* A row of this path that has landed holds the same bytes. */
#define landedAs(n, c) (row[n].state == Landed && row[n].got == (c))
#define former(c) (landedAs(1, c) || landedAs(2, c) || landedAs(3, c) || landedAs(4, c) || landedAs(5, c) || landedAs(6, c))

#if defined(SUPERVISED) && defined(NO_S1)       /* no run takes what waits for a person */
#define unasked(n) (row[n].step == checked && row[n].state == Held)
#else
#define unasked(n) false
#endif

#define unfinished(n) (unasked(n) || row[n].step != seen && row[n].step != done && (row[n].state == Waiting || row[n].state == Landed) && \
	!(row[n].step == claimed && row[n].aside == 0))

inline forget() {
	entry = nothing; first = nothing; got = nothing; answer = OK;
	step = 0; fence = 0; known = 0; aside = 0; stage = 0; state = 0; moved = 0; kept = 0; away = 0;
	fetching[me] = 0; owned = 0; holder = 0; version = 0
}

/* ----------------------------------------------------------------------------------------------------- the machine */

/* Between two atomic blocks everybody else may act: this is said with a skip, since a jump from one atomic block into
 * another would not let go. */
#define others skip

#define RECOVER 1
#define TAKE    2

proctype Node(bit me) {
	/* What a process has in its memory. */
	byte r, i, who;                                         /* the row at hand, a counter, who asked for it */
	byte step, fence, known, aside, stage, state;           /* the row as this process saw it last */
	bit moved, kept, away;
	byte first, got, answer, entry;
	byte listed[NAMES];                                     /* the listing */
	byte adopted;                                           /* rows to take that no listing shows: a bit for each */
	byte knownRows;                                         /* rows when the listing began */
	byte pathRow;                                           /* the row of the path, if it is ready */
	byte holder, version;
	byte owned;                                             /* the fence under which a name aside was given */

work:	/* ---- frame.work: recover, look, take */
	others;
	atomic {
		if
		:: me == 0 && takenOver -> zombie = 0; goto end  /* the woken node has come to the end of its run */
		:: else
		fi;
		if
		:: customerDone && late == 0 && !zombie -> faults = 0; takeovers = 0; calm++
		:: else
		fi;
		i = 0
	};

recover:
	others;
	atomic {
		do
		:: i < rows && unfinished(i) -> r = i; who = RECOVER; claim(); goto file
		:: i < rows && !unfinished(i) -> i++
		:: i >= rows -> i = 0; break
		od
	};

look:	/* ---- import_look.go: C1 */
	others;
	atomic {
		looking[me] = 1;
		since[me] = 0;
		knownRows = rows;
		do
		:: i < NAMES -> listed[i] = at[i]; i++
		:: else -> break
		od;
		i = 0;
		if                              /* the folder is read while a file in it is renamed: it is under neither name */
		:: true
		:: faults > 0 && at[PATH] != nothing -> faults--; listed[PATH] = nothing
		:: late == RENAME && lateFrom == PATH && at[PATH] != nothing && mayBeDone ->
			serves(late, lateFrom, lateTo);
			late = 0; lateFrom = 0; lateTo = 0; answer = OK;
			listed[PATH] = nothing
		fi
	};

judge:	/* ---- C2 */
	others;
	atomic {
		if
		:: listed[PATH] != nothing -> follow()
		:: else
		fi;
		i = 1;
		goto sweep
	};

new:	/* SeeMany. H2: judged and written in one transaction */
	others;
	atomic {
#ifndef NO_H2
		if
		:: rows != knownRows || !judges(newest) -> i = 1; goto sweep
		:: else
		fi;
#endif
		see(listed[PATH], 0);
		takeLater(newest);
		i = 1;
		mayDie()
	};

sweep:	/* ---- R6: names of ours in the listing */
	others;
	atomic {
#ifndef NO_R6
		do
		:: i < NAMES && listed[i] != nothing -> sweepAside(); i++; mayDie()
		:: i < NAMES && listed[i] == nothing -> i++
		:: i == NAMES -> break
		od;
#endif
		goto absent
	};

disposeLate: /* a source whose rename took effect after its row was done */
	others;
	atomic {
		request(REMOVE, i, 0);
		row[r].moved = 1;
		touch(r);
		holder = 0;
		r = 0; entry = nothing; answer = OK;
		i++;
		mayDie();
		goto sweep
	};

absent:
	others;
	atomic {
		markAbsent();
		i = 0;
		do
		:: i < NAMES -> listed[i] = nothing; i++
		:: else -> break
		od;
		i = 0; knownRows = 0;
		mayDie()
	};

take:	/* ---- frame.take, and then takeAdopted */
	others;
	atomic {
		if
		:: mayTakeRow() -> r = rowToTake; pathRow = 0; looking[me] = 0; since[me] = 0; who = TAKE; claim(); goto file
		:: else -> pathRow = 0; looking[me] = 0; since[me] = 0
		fi;
		if
		:: adopted == 0 -> goto rested
		:: else
		fi;
		do
		:: (adopted >> r) & 1 -> break
		:: else -> r++
		od;
		adopted = adopted & ~(1 << r);
		if
		:: open(r) -> who = TAKE; claim(); goto file
		:: else -> r = 0; goto take
		fi
	};

file:	/* ---- frame.file and goOnFrom: the row is claimed, and goes on from where it stands */
	others;
	atomic {
		mayDie();
		if
		:: step == landing -> goto land
		:: step == seen -> goto claimRemote
		:: step == claimed && (moved || aside == 0) -> goto fetch
		:: step == claimed && !moved && aside != 0 -> goto resumeClaim
		:: step == downloaded -> goto finish
		:: step == landed || step == retiring -> goto retire
#ifdef SUPERVISED
		:: step == checked -> goto resumeChecked
#endif
		:: else -> goto settled
		fi
	};

claimRemote: /* ---- C4 */
	others;
	atomic {
		if
		:: aside != 0 || !(claims || once) -> goto fetch
		:: aside == 0 && once -> advance(claimed); goto fetch
		:: aside == 0 && !once && claims -> asideOf(); advance(claimed); goto moveAside
		fi
	};

resumeClaim: /* found by recovery: the source lies aside, or the rename never came about */
	others;
	atomic {
		entry = at[aside];
		if
		:: entry != nothing -> goto lookedAside
		:: else -> aside = 0; state = Waiting; advance(seen); goto settled
		fi
	};

fetch:	/* ---- C5 and C6: bytes stream into the stage */
	others;
	atomic {
		first = at[aside];
		if
		:: first == nothing -> goto settled             /* the file fails; its row stays */
		:: else -> fetching[me] = 1
		fi
	};

fetched: /* a reader that has the file open reads on, whatever is done to its name; but it may be written to meanwhile */
	others;
	atomic {
		if
		:: got = first
		:: at[aside] != nothing && at[aside] != first && !once -> got = MIX
		:: faults > 0 -> faults--; usedUp(); goto cut
		:: once && faults > 0 ->                /* another size than was listed: the row stays, and the listing decides. H11 */
			faults--;
			usedUp();
#ifdef NO_H11
			advance(seen);
#endif
			goto settled
		fi;
#if !defined(UNTOLD) && !defined(NO_H15)        /* FSTAT: what was read, whatever lies under its name by now */
		if
		:: !once && print(got) != known -> got = nothing; state = Waiting; advance(seen); goto settled
		:: else
		fi;
#endif
		if
		:: !stores -> first = nothing; goto finish
		:: else
		fi;
		kept = 1
	};

download: /* ---- C7: the row says so before the server is told CLOSE */
	others;
	atomic {
		if
		:: faults > 0 -> faults--; usedUp(); goto cut
		:: true
		fi;
		advance(downloaded);
		if
		:: faults > 0 -> faults--; usedUp(); goto cut
		:: true
		fi
	};
	atomic {                        /* CLOSE */
		if
		:: once && at[PATH] == first -> consumed[first] = 1; at[PATH] = nothing
		:: else
		fi;
		first = nothing
	};

finish:	/* ---- C8: opened whole, synced; the source is looked at once more */
	others;
	atomic {
		if
		:: kept -> got = row[r].got
		:: else
		fi;
#ifndef NO_H3
		if
		:: !once && at[aside] != nothing && print(at[aside]) != known ->
			got = nothing; kept = 0; state = Waiting;       /* it changed while it was read: taken up again */
			advance(seen);
			goto settled
		:: else
		fi;
#endif
		fetching[me] = 0;
		if                              /* check: nobody may look at a read-once source, so its hash is asked for */
		:: once && former(got) -> state = Skipped; advance(done); goto settled
		:: else
		fi
	};

promote: /* ---- C9 */
	others;
	atomic {
		if
		#ifndef NO_R1
		:: (ready[r] >> READY(fence)) & 1 -> goto settled               /* the file fails */
#endif
		:: else -> ready[r] = ready[r] | (1 << READY(fence)); weakReady = r + 1
		fi;
		mayDie();
		sync()
	};

#ifdef SUPERVISED
attend:	/* ---- the ready file is held for a person, unless these very bytes were approved */
	others;
	atomic {
#ifdef NO_S2            /* an approval is of a content */
		if
		:: row[r].approved != nothing -> goto intend
#else
		if
		:: row[r].approved == got -> goto intend
#endif
		:: else
		fi;
		stage = fence;
		state = Held;
		advance(checked);
		goto settled
	};

resumeChecked: /* a person has decided: what lies there yet, as it was looked at, may land */
	others;
	atomic {
#ifndef NO_S5           /* what has landed since it was held is not landed again */
		if
		:: once && former(row[r].got) -> state = Skipped; advance(done); goto settled
		:: else
		fi;
#endif
		if
		:: (ready[r] >> READY(stage)) & 1 -> state = Waiting; advance(landing); goto land
		:: else
		fi;
#ifdef NO_S3            /* only a row that says landing has landed when its ready file is gone */
		state = Waiting;
		advance(landing);
		goto land
#endif
	};
	atomic {
		if
		:: kept -> got = row[r].got; goto promote               /* opened once more: no look at the source, which was as read then */
		:: !kept && moved -> state = Waiting; stage = 0; advance(claimed); goto fetch
		:: !kept && !moved && aside != 0 -> state = Waiting; stage = 0; advance(seen); goto settled
		:: else
		fi;
#ifndef NO_S4           /* another version took its place: nobody would look for this one */
		if
		:: r != newest -> state = Held; stage = 0; advance(checked); goto settled
		:: else
		fi;
#endif
		state = Waiting; stage = 0;
		advance(seen);
		goto settled
	};
#endif

intend:	/* ---- C10: the row says which ready file may land */
	others;
	atomic {
		stage = fence;
		advance(landing);
		got = nothing
	};

land:	/* ---- C11: the ready file's absence is the proof */
	others;
	atomic {
		if
		:: (ready[r] >> READY(stage)) & 1 ->
			ready[r] = ready[r] & ~(1 << READY(stage));
			must(GHOST, once || print(row[r].got) == row[r].print);        /* what lands is what the row says */
			landsNow(row[r].got);
			weakLanding = r + 1
		:: else -> answer = GONE
		fi;
		mayDie();
#ifdef NO_R3            /* fsync on every branch */
		if
		:: answer == OK -> sync()
		:: else
		fi
#else
		sync()
#endif
	};

witness: /* ---- C12 */
	others;
	atomic {
		answer = OK;
		state = Landed;
		if
		:: keeps && aside == 0 && !stores -> advance(done); goto settled
		:: else -> advance(landed)
		fi
	};

retire:	/* ---- C13: the source is renamed aside, looked at there, then removed. R8 */
	others;
	atomic {
		if
		:: keeps -> goto retired
		:: !keeps && moved -> goto disposeOf
		:: !keeps && !moved && aside != 0 -> goto moveAside
		:: else
		fi;
		if                              /* stillOurs */
		:: at[PATH] == nothing || print(at[PATH]) != known -> goto retired
		:: else
		fi
	};
#ifdef NO_R8            /* a plain REMOVE */
	atomic { request(REMOVE, PATH, 0); goto retired };
#endif
	atomic { asideOf(); advance(retiring) };

moveAside: /* R4: look first */
	others;
	atomic {
#ifndef NO_R4
		entry = at[aside];
#endif
		if
		:: entry != nothing -> goto lookedAside
		:: else
		fi
	};
#ifndef NO_H7            /* each attempt gives a name aside of its own */
	others;
	atomic {
		if
		:: fence != owned -> asideOf(); advance(retiring)
		:: else
		fi
	};
#endif
	others;
	atomic { request(RENAME, PATH, aside) };
	others;
	atomic {                        /* look again */
		entry = at[aside];
		if
		:: entry != nothing -> goto lookedAside
		:: entry == nothing && answer != GONE -> goto settled           /* the file fails */
		:: entry == nothing && answer == GONE && step == claimed -> goto settled
		:: else
		fi;
		goto retired                    /* the customer took it away; that ends it too */
	};

lookedAside: /* something lies there. R5 */
	others;
	atomic {
		answer = OK;
		if
		:: ours(entry) -> moved = 1; advance(step)
		:: else -> adopt(r, aside, entry, false); mayDie()
		fi;
		entry = nothing;
		if
		:: moved && step == claimed -> goto fetch
		:: moved && step != claimed -> goto disposeOf
		:: !moved && step == claimed -> state = Skipped; advance(done); goto settled    /* replaced */
		:: !moved && step != claimed -> goto retired
		fi
	};

disposeOf: /* where nobody else puts files */
	others;
	atomic { request(REMOVE, aside, 0); mayDie() };

retired: /* ---- C14 */
	others;
	atomic { answer = OK; advance(done) };

settled: /* back to who asked */
	others;
	atomic {
		forget();
		if
		:: who == RECOVER -> i = r + 1; r = 0; who = 0; goto recover
		:: who == TAKE -> r = 0; who = 0; goto take
		fi
	};

died:	/* the process is gone, and with it all that it knew; another one begins */
cut:	/* the session is gone: the run ends, and another one begins */
	atomic {
		forget();
		r = 0; who = 0; adopted = 0; pathRow = 0; knownRows = 0; looking[me] = 0; since[me] = 0;
		i = 0;
		do
		:: i < NAMES -> listed[i] = nothing; i++
		:: else -> break
		od;
		i = 0;
		goto work
	};

rested:
	others;
	atomic {
		if
		:: calm < 4 -> goto work
		:: else -> atRest()
		fi
	};
end:	skip
}

/* -------------------------------------------------------------------------------------------------- everybody else */

#ifdef TWINS
#define mayPut(v) ((v) != 2 || at[PATH] == nothing)
#else
#define mayPut(v) true
#endif

/* The customer puts one version after another: whole, under another name that is then renamed; or in place, which shows
 * half of it for a while. A file may be taken away again, though not while it is being read. */
proctype Customer() {
	byte v = 1;
	do
	:: atomic { v <= V && mayPut(v) -> at[PATH] = v; v++ }
	:: atomic { v <= V && mayPut(v) && !once -> at[PATH] = HALF(v); pen = PATH + 1 };
		atomic { at[pen - 1] = v; pen = 0; v++ }
	:: atomic { takes > 0 && at[PATH] != nothing && mayTake -> at[PATH] = nothing; takes-- }
	:: v > V -> break
	od;
	customerDone = 1
}

/* What was under way when its session died; and, with -DNODES=2, a second node that takes the first one for dead while it
 * only sleeps. */
proctype Fate() {
	byte answer;
end:	do
	:: atomic { late != 0 && mayBeDone -> serves(late, lateFrom, lateTo); late = 0; lateFrom = 0; lateTo = 0; answer = OK }
	:: atomic { late != 0 -> late = 0; lateFrom = 0; lateTo = 0 }
	:: atomic { takeovers > 0 -> takeovers--; takenOver = 1; zombie = 1; run Node(1) }
	od
}

#ifdef SUPERVISED
/* A person looks at what waits, the oldest first, and decides. Somebody may also take a file out of the stage. */
#define asked(n) (row[n].step == checked && row[n].state == Held && row[n].stage != 0)

inline decide(n) {
	row[n].fence++;
	touch(n);
	calm = 0;               /* another run comes */
	if
	:: row[n].state = Waiting; row[n].approved = row[n].got; looked[row[n].got] = 1
	:: row[n].state = Rejected; row[n].step = done; ready[n] = 0; row[n].kept = 0
	fi
}

proctype Person() {
end:	do
	:: atomic { asked(1) -> decide(1) }
	:: atomic { !asked(1) && asked(2) -> decide(2) }
	:: atomic { !asked(1) && !asked(2) && asked(3) -> decide(3) }
	:: atomic { faults > 0 && row[1].step == checked && ready[1] != 0 -> faults--; ready[1] = 0 }
	:: atomic { faults > 0 && row[2].step == checked && ready[2] != 0 -> faults--; ready[2] = 0 }
	od
}
#endif

init {
	atomic {
#ifdef SUPERVISED
		run Person();
#endif
		row[0].step = done;
		row[0].absent = 1;
		if
		:: MODE == 1 || MODE == 0 -> skip                       /* the plain job: move or delete */
		:: MODE == 2 || MODE == 0 -> claims = 1
		:: MODE == 3 || MODE == 0 -> stores = 1
		:: MODE == 4 || MODE == 0 -> keeps = 1
		:: MODE == 5 || MODE == 0 -> once = 1; stores = 1; keeps = 1
		fi;
		if
		:: replaces = 0
		:: replaces = 1
		fi;
		run Node(0);
		run Customer();
		run Fate()
	}
}
