/*
 * The export machine: one row, a file that the platform put into the outbox and may overwrite once.
 *
 * docs/state-machine.md says what each step is for; transfer/export_*.go does it. The labels of Node are the names of the
 * functions there, and the steps are those of job.Step. README.md has the bounds, the rules and how to run this.
 *
 * A rule is taken out with -DNO_Rx: then spin must find a run that ends badly.
 */

#ifndef FAULTS
#define FAULTS 2        /* kills, lost answers, refusals and losses on the disk, in all */
#endif
#ifndef V
#define V 2             /* versions that the platform writes */
#endif
#ifndef NODES
#define NODES 1         /* 2: a second node takes the first one for dead while it only sleeps */
#endif
#ifndef WAY
#define WAY 0           /* 1: under a temporary name, 2: the same on odd servers, 3: direct; 0 is any */
#endif
#ifndef TAKES
#define TAKES 1         /* how often somebody takes away or alters what lies in the stage and waits for a person */
#endif

/* The steps of the ledger, job/file.go. Zero: there is no row. */
#define seen      1
#define queued    2
#define sealed    3
#define sending   4
#define uploaded  5
#define renaming  6
#define delivered 7
#define done      8

/* States, as far as the machine asks for them. */
#define Waiting   0
#define Delivered 1
#define Held      2
#define Skipped   3
#define Rejected  4

/* Content: version 1 or 2, whole; a part of one; a file of somebody else that happens to have the size of ours. */
#define nothing 0
#define PART    3
#define FOREIGN 4
#define GUARD   5       /* an empty file of ours, where nothing is to go any more */
#define whole(c) ((c) == 1 || (c) == 2)
#ifdef TWINS            /* both versions have one size and time; then sources stay, for of two such one is never seen: README.md */
#define print(c) (whole(c) -> 1 : (c))
#else
#define print(c) (c)
#endif

/* The customer's server: the final name, a temporary one for each attempt, and one for the older file that it moves aside. */
#define FINAL 0
#define NAMES 8
byte at[NAMES];
byte names = 1;
byte copying;           /* the temporary that the server is copying to the final name, 0: none */

/* What this job and this server are like; chosen once, below. */
bit direct;             /* the final name is written at once */
bit looks;              /* the server may be asked what lies under a name */
bit replaces;           /* RENAME replaces what has the new name */
bit copies;             /* RENAME copies and then deletes, after it has answered */
bit lies;               /* RENAME is answered OK and may do nothing */
bit sweeper;            /* the server takes files away as soon as they are whole, whatever their name */
bit sweeps;             /* and the profile knows */
bit refuses;            /* nobody may rename, which the profile learns */
bit mayReplace;         /* if_exists: replace */
bit assume, resend;     /* on_lost_reply; neither: hold */
bit snapshots;          /* what is sent lies in the stage */
bit keeps;              /* the source stays in the outbox */
#ifdef SUPERVISED       /* the job holds each file until a person has looked at it */
#ifndef NO_S7           /* what such a job sends lies in the stage */
#define stages true
#else
#define stages (snapshots || direct)
#endif
#else
#define stages (snapshots || direct)
#endif

/* The outbox: the name itself, and the one aside. */
byte src, aside;

/* The row. */
byte step, state, fence;
byte print;             /* Size and ModTime: the version that it is of */
byte temp;              /* 0: the final name, or none yet */
bit timed;              /* TempMTime is known */
bit staged;             /* what is sent lies in the stage, as Stage says */
byte left;              /* Leftovers: temporaries of attempts that are over, and older files that went aside, a bit for each */
byte older;             /* the last of them, if it is an older file's name; 0: it is not */
bit cleared;            /* the last attempt took its temporary away again: Temp is empty */
bit hasAside, moved;
#ifdef SUPERVISED
byte got;               /* Plain: the content that was read when it was sealed */
byte inStage;           /* what lies in the stage by now */
byte approved;          /* the content that a person approved: the hash of an approval */
bit asked;              /* it is held for a person to look at */
bit looked[3];          /* a person looked at this content, and approved it */
byte takes = TAKES;
#endif

/* Proofs. */
#define verified     1
#define sizeChecked  2
#define published    3
#define acknowledged 4
#define swept        5
#define assumed      6
byte proof;

/* What the customer got. */
byte arrivals[3];

byte faults = FAULTS;
bit platformDone;
bit withdrew;           /* the platform took its last version out again */
bit stranger;           /* somebody else has written the final name */
bit takenOver, zombie;
byte takeovers = NODES - 1;
byte calm;

/* Requests whose sessions died and that may take effect yet. */
#define OPEN   1
#define CLOSE  2
#define RENAME 3
#define REMOVE 4
#define AWAY   5        /* RENAME of the final name to one of ours */
#define PUT    6        /* of an empty file */
byte late, lateName, lateContent;

#define OK   0
#define GONE 1
#define NO   2

/* ------------------------------------------------------------------------------------------------------- the rules */

#ifdef NO_R11           /* each attempt has a temporary name of its own */
#define sameName true
#else
#define sameName false
#endif

#ifdef NO_R12           /* only temporaries of attempts that are over, or of rows that have ended, are cleaned */
#define cleans(n) true
#else
#define cleans(n) (state != Held && step != renaming && (((left >> (n)) & 1) || (step == done && temp == (n) && (state != Delivered || proof == assumed))))
#endif

#ifdef NO_R13           /* the final is known by its size and by the time of the temporary */
#define ours(c) (whole(c) || (c) == FOREIGN)
#else
#define ours(c) ((c) == mine && myTimed)
#endif
#define fits(c) (whole(c) || (c) == FOREIGN)

#ifdef SUPERVISED
#define mine got                                /* the content that the row speaks of */
#ifdef NO_S2            /* an approval is of a content */
#define seenByPerson (approved != nothing)
#else
#define seenByPerson (approved == got)
#endif
#else
#define mine myPrint
#endif

/* ------------------------------------------------------------------------------------------------ what must hold */

/* What goes wrong is said by its name before the run ends, so that the tests see that it is what they expect. */
#define must(name, holds) if :: holds :: else -> c_code { printf("BROKEN " #name "\n"); }; assert(false) fi

/* A name has come to hold a whole file that the customer may take. Not twice, unless the job is told to send again. */
inline arrives(c) {
#ifdef SUPERVISED
	must(UNSEEN, looked[c]);
#endif
	if
	:: arrivals[c] < 2 -> arrivals[c]++
	:: else
	fi;
	must(DUP, arrivals[c] == 1 || resend)
}

/* Something of ours is about to end what lies under a name. */
inline overwrites(n) {
	must(OVERWRITTEN, at[n] != FOREIGN || mayReplace || !looks)    /* where nobody may look, nobody can know */
}

/* Delivered is what arrived; where the proof says that nobody could look, what was acknowledged; or what was assumed. */
inline deliver(p) {
	must(GHOST, (p) == assumed || (p) == published || (p) == acknowledged || arrivals[mine] > 0);
	proof = p;
	myState = Delivered;
	if
	:: keeps -> advance(done); goto settled
	:: else -> advance(delivered); goto retire
	fi
}

#ifdef SUPERVISED
#define ofRow got
#define rejected (state == Rejected && got == V)
#else
#define ofRow print
#define rejected false
#endif

inline atRest() {
	must(STUCK, resend || step == 0 || step == done || state == Held || at[FINAL] == FOREIGN || aside != nothing);
	must(GHOST, state != Delivered || arrivals[ofRow] > 0 || proof == assumed || proof == published || proof == acknowledged);
	/* The version that the platform wrote last is sent, or still in the outbox, or lies aside and a person is told. */
	must(LOST, withdrew || state == Held || src == V || aside == V || (ofRow == V && (state == Delivered || state == Waiting)) || rejected);
	c_code { if (!rested) { rested = 1; printf("RESTED\n"); } }
}

/* ------------------------------------------------------------------------------------------------------ the server */

/* Whoever takes whole files, whatever their name, has one. */
#define final(n) ((n) == FINAL)

inline opens(n) {
	overwrites(n);
	at[n] = PART;
	answer = OK
}

inline closes(n, c) {
	if
	:: at[n] != nothing ->
		at[n] = c;
		if
		:: sweeper -> arrives(c); at[n] = nothing
		:: !sweeper && final(n) -> arrives(c)
		:: else
		fi
	:: else
	fi;
	answer = OK
}

inline renames(n) {
	if
	:: refuses -> answer = NO
	:: !refuses && at[n] == nothing -> answer = GONE
	:: !refuses && at[n] != nothing && at[FINAL] != nothing && !replaces -> answer = NO
	:: !refuses && at[n] != nothing && (at[FINAL] == nothing || replaces) && lies -> lies = 0; answer = OK
	:: !refuses && at[n] != nothing && (at[FINAL] == nothing || replaces) && copies ->
		overwrites(FINAL);
		at[FINAL] = PART; copying = n; answer = OK
	:: !refuses && at[n] != nothing && (at[FINAL] == nothing || replaces) && !copies ->
		overwrites(FINAL);
	must(PARTIAL, whole(at[n]));            /* the final name never shows a part */
		at[FINAL] = at[n]; at[n] = nothing;
		arrives(at[FINAL]);
		answer = OK
	fi
}

inline removes(n) {
	if
	:: at[n] == nothing -> answer = GONE
	:: else ->
		overwrites(n);
		/* Nobody takes from a row what it has on the server, and counts on. */
		must(LOST, temp != n || (step != uploaded && step != renaming && state != Held));
		at[n] = nothing; answer = OK
	fi
}

/* No request of ours takes a file away that we have said is delivered: the customer need not have it yet. */
inline movesAway(n) {
	if
	:: refuses -> answer = NO
	:: !refuses && at[FINAL] == nothing -> answer = GONE
	:: !refuses && at[FINAL] != nothing && at[n] != nothing -> answer = NO
	:: !refuses && at[FINAL] != nothing && at[n] == nothing ->
		overwrites(FINAL);
		must(LOST, state != Delivered || !whole(at[FINAL]));
		at[n] = at[FINAL]; at[FINAL] = nothing; answer = OK
	fi
}

inline guards(n) { at[n] = GUARD; answer = OK }

inline serves(kind, n, c) {
	if
	:: kind == PUT -> guards(n)
	:: kind == AWAY -> movesAway(n)
	:: kind == OPEN -> opens(n)
	:: kind == CLOSE -> closes(n, c)
	:: kind == RENAME -> renames(n)
	:: kind == REMOVE -> removes(n)
	fi
}

/* A request is answered; or done and the answer lost; or the session dies first, and it is done later, or never. Bytes that
 * come late under a name from which the server takes whole files are a hole that is known: README.md. */
#ifdef LATE_DIRECT
#define mayBeLate(n) (late == 0)
#else
#define mayBeLate(n) (late == 0 && !final(n) && !sweeper)
#endif

inline request(kind, n, c) {
	if
	:: serves(kind, n, c)
	:: faults > 0 -> faults--; serves(kind, n, c); goto cut
	:: faults > 0 && mayBeLate(n) -> faults--; late = kind; lateName = n; lateContent = c; goto cut
	:: faults > 0 && !mayBeLate(n) -> faults--; goto cut
	fi
}

/* ------------------------------------------------------------------------------------------------------ the ledger */

inline claim() {
	fence++;
	myStep = step; myFence = fence; myPrint = print; myTemp = temp; myTimed = timed; myState = state
}

/* One durable step: written only if the row still stands where this process saw it last. */
hidden byte logFrom, logTo;
c_decl { static char taken[16][16], rested; }
inline advance(to) {
	if
	:: fence == myFence && step == myStep ->
		logFrom = step; logTo = to;
		c_code {
			if (!taken[logFrom][logTo]) {
				taken[logFrom][logTo] = 1;
				printf("STEP %d %d\n", logFrom, logTo);
			}
		};
		step = to; myStep = to; state = myState; print = myPrint; temp = myTemp; timed = myTimed
	:: else -> goto settled
	fi;
	mayDie()
}

inline mayDie() {
	if
	:: true
	:: faults > 0 -> faults--; goto cut
	fi
}

inline forget() {
	myStep = 0; myFence = 0; myPrint = 0; myTemp = 0; myTimed = 0; myState = 0;
	answer = OK; entry = nothing; entry2 = nothing; ack = 0; wasSeen = 0; n = 0;
#ifdef SUPERVISED
	bytes = nothing
#endif
}

/* ----------------------------------------------------------------------------------------------------- the machine */

/* Between two atomic blocks everybody else may act. */
#define others skip

proctype Node(bit me) {
	byte myStep, myFence, myPrint, myTemp, myState;         /* the row as this process saw it last */
	bit myTimed;
	byte answer, entry, entry2, n;
	bit ack, wasSeen;
#ifdef SUPERVISED
	byte bytes;             /* the content that it sends */
#endif

work:
	others;
	atomic {
		forget();
		if
		:: me == 0 && takenOver -> zombie = 0; goto end
		:: else
		fi;
		if
		:: platformDone && late == 0 && copying == 0 && !zombie -> faults = 0; takeovers = 0; calm++
		:: else
		fi;
		direct = direct || (refuses && step == uploaded);        /* the profile has learned it */
		if
		:: step != 0 && step != seen && step != done && state != Held -> claim(); goto goOn
		:: else
		fi
	};

look:	/* ---- export_look.go */
	others;
	atomic {
		if
		:: step == 0 && src != nothing -> step = seen; print = print(src)
		:: step == seen && src != nothing && print(src) != print -> fence++; print = print(src); state = Waiting
		:: else
		fi;
		if
		:: step == seen && src == nothing -> claim(); goto withdrawn
		:: step == seen && src != nothing -> claim(); goto goOn
		:: else -> goto cleanTemps
		fi
	};

goOn:
	others;
	atomic {
		mayDie();
		if
		:: myStep == seen -> goto collect
		:: myStep == queued -> goto seal
		:: myStep == sealed -> goto attend
		:: myStep == sending -> goto settleSending
		:: myStep == uploaded -> goto publish
		:: myStep == renaming -> goto settleOlder
		:: myStep == delivered -> goto retire
		fi
	};

collect: /* ---- X1 */
	others;
	atomic {
		if
		:: src == nothing -> goto withdrawn
		:: src != nothing && print(src) != myPrint -> goto changed
		:: else -> advance(queued)
		fi
	};

seal:	/* ---- X2 */
	others;
	atomic {
		if
		:: stages && src == nothing -> goto withdrawn
		:: stages && src != nothing && print(src) != myPrint -> goto changed
		:: else ->
			if
			:: fence == myFence && step == myStep ->
				staged = stages;
#ifdef SUPERVISED
				inStage = (staged -> src : nothing);
				got = src
#endif
			:: else
			fi;
			advance(sealed)
		fi
	};

attend:
#ifdef SUPERVISED       /* ---- it is held for a person, unless these very bytes were approved, and lie in the stage */
	others;
	atomic {
		if
		:: !seenByPerson -> asked = 1; goto hold
#ifndef NO_S8           /* what lies in the stage is looked at once more before it is sent */
		:: seenByPerson && staged && inStage != got -> staged = 0; inStage = nothing; advance(queued); goto seal
		:: seenByPerson && !(staged && inStage != got)
#else
		:: seenByPerson
#endif
		fi
	};
#endif

upload:	/* ---- X3: what is sealed is still there; nobody has the final name */
	others;
	atomic {
		if
		:: !direct || staged
#ifndef NO_H10          /* nothing is written under its final name but from the stage */
		:: direct && !staged -> advance(queued); goto seal
#else
		:: direct && !staged
#endif
#ifndef SUPERVISED
		:: staged && faults > 0 -> faults--; advance(queued); goto seal
#else
		:: staged && inStage == nothing -> staged = 0; advance(queued); goto seal
#endif
		fi;
#ifndef NO_R14
		if
		:: looks && at[FINAL] != nothing && !(direct && myTimed && myTemp == FINAL) && !mayReplace -> goto nameTaken
		:: else
		fi;
#endif
		if
		:: direct -> myTemp = FINAL; myTimed = 1
		:: !direct && sameName && myTemp != 0
		:: !direct && !(sameName && myTemp != 0) ->
			assert(names < NAMES);
			if
			:: myTemp != FINAL && !cleared && fence == myFence -> left = left | (1 << myTemp)
			:: else
			fi;
			myTemp = names; names++;
			myTimed = 0
		fi;
		if
		:: fence == myFence -> older = 0
		:: else
		fi;
#ifdef NO_R17           /* the row says sending before OPEN, directly too */
		if
		:: direct
		:: else -> advance(sending)
		fi
#else
		advance(sending)
#endif
		cleared = 0
	};

put:	/* ---- X4: OPEN */
	others;
	atomic { request(OPEN, myTemp, 0) };
	others;
	atomic {
		if                              /* the server, or the source, makes an end of it */
		:: faults > 0 -> faults--; goto uploadFailed
		:: true
		fi;
		if
		:: !staged && final(myTemp) && print(src) != myPrint -> must(PARTIAL, false)    /* another version, or a mixture, has its name */
		:: !staged && !final(myTemp) && src == nothing -> goto uploadFailed
		:: !staged && !final(myTemp) && src != nothing && print(src) != myPrint -> goto uploadFailed
		:: else
		fi
	};
	others;
#ifdef SUPERVISED
	atomic { bytes = (staged -> inStage : src); request(CLOSE, myTemp, bytes) };
	others;
	atomic {
		if
		:: bytes != got -> goto uploadFailed    /* what was sent is not what was sealed */
		:: else -> bytes = nothing
		fi
	};
#else
	atomic { request(CLOSE, myTemp, myPrint) };
#endif

verifyUpload: /* ---- X5 */
	others;
	atomic {
		entry = (looks -> at[myTemp] : PART);
		if
		:: !looks && direct -> deliver(acknowledged)
		:: !looks && !direct -> advance(uploaded)
		:: looks && entry == nothing -> goto vanished
		:: looks && entry == PART -> goto uploadFailed
		:: looks && whole(entry) && direct -> deliver(sizeChecked)
		:: looks && whole(entry) && !direct -> myTimed = 1; advance(uploaded)
		:: looks && entry == FOREIGN -> goto settled
		fi;
		entry = nothing
	};

publish: /* ---- X6 */
	others;
	atomic {
		if
		:: direct -> goto turnDirect
		:: else
		fi;
#ifndef NO_R14          /* look before the rename */
		if
		:: looks && ours(at[FINAL]) && at[myTemp] == nothing -> deliver(verified)
		:: looks && !(ours(at[FINAL]) && at[myTemp] == nothing) && at[FINAL] != nothing && !mayReplace -> goto nameTaken
		:: else
		fi;
#endif
		advance(renaming);
		request(RENAME, myTemp, 0)
	};
	others;
	atomic {                        /* where a server will not rename onto a file, it goes aside first, if it may be replaced */
		if
		:: answer == NO && mayReplace && looks && at[myTemp] != nothing && at[FINAL] == FOREIGN ->
			assert(names < NAMES);
			if
			:: fence == myFence && step == myStep -> older = names; left = left | (1 << names); names++
			:: else
			fi;
			advance(renaming);
			request(AWAY, older, 0);
			if
			:: answer == OK -> request(RENAME, myTemp, 0)
			:: else
			fi
		:: else
		fi;
		ack = (answer == OK)
	};
#ifdef NO_R15           /* RENAME's OK is no proof */
	atomic {
		if
		:: ack -> deliver(verified)
		:: else
		fi
	};
#endif
	if
	:: ack -> goto confirm
	:: !ack && !looks && answer == GONE -> goto lostReply
	:: else
	fi;

renameRefused: /* a request of a session that died may have done it */
	others;
	atomic {
		if
		:: looks && at[myTemp] == nothing -> goto confirm
		:: else -> advance(uploaded); goto nameTaken
		fi
	};

turnDirect: /* the server has no rename after all: the temporary goes, and the file is sent under its final name */
	others;
	atomic {
		if
		:: !staged && src == nothing -> goto withdrawn
		:: !staged && src != nothing && print(src) != myPrint -> goto changed
		:: else
		fi;
		left = left | (1 << myTemp);    /* its own temporary, which it needs no more */
		myTimed = 0;
		advance(sealed);
		goto attend
	};

settleOlder: /* the older file was perhaps not moved yet: then what has its name by then would be */
	others;
	atomic {
		ack = 0;
#ifndef NO_H13
		if
		:: older != 0 && (at[older] == nothing || at[older] == GUARD) ->
			request(PUT, older, 0);
			if
			:: fence == myFence && step == myStep -> left = left & ~(1 << older); older = 0
			:: else
			fi;
			advance(renaming)
		:: else
		fi;
#endif
		goto confirm
	};

/* The two looks did not see the same moment. */
#define torn (entry != at[myTemp] || entry2 != at[FINAL])

confirm: /* ---- X7: both names are looked at until the picture is whole; patience has an end */
	others;
	atomic {
		if
		:: !looks && ack -> deliver(published)
		:: !looks && !ack -> goto lostReply
		:: looks -> entry = at[myTemp]
		fi
	};
	others;
	atomic {
		entry2 = at[FINAL];
		if
#ifndef NO_H14          /* what was seen there and is gone was ours */
		:: ours(entry2) || (ack && fits(entry2)) -> wasSeen = 1
#else
		:: entry2 != nothing -> wasSeen = 1
#endif
		:: else
		fi;
		if
		:: entry == nothing && (ours(entry2) || (ack && fits(entry2))) -> deliver(verified)
		:: else
		fi;
		if
		:: copying != 0 || torn -> goto confirm
		:: !ack || !torn                /* patience outlasts a picture of two moments, where the server has answered */
		fi
	};

judgePublished:
	others;
	atomic {
		if
		:: entry != nothing && (entry2 == nothing || entry2 == FOREIGN) ->
			advance(uploaded);
			if
			:: ack -> goto settled          /* the server lied: the next run renames again */
			:: else -> entry = 0; entry2 = 0; wasSeen = 0; goto publish
			fi
		:: entry == nothing && entry2 == nothing && (sweeps || wasSeen) -> deliver(swept)
		:: entry == nothing && entry2 == nothing && !(sweeps || wasSeen) && ack -> goto vanished
		:: entry == nothing && entry2 == nothing && !(sweeps || wasSeen) && !ack -> goto lostReply
		:: else -> goto hold
		fi
	};

settleSending: /* found by recovery */
	others;
	atomic {
		if
#ifndef NO_H9           /* a server that takes files at once may have taken a temporary whose CLOSE nobody heard of */
		:: myTemp != FINAL && sweeps && !cleared && at[myTemp] == nothing -> goto lostReply
		:: myTemp != FINAL && !(sweeps && !cleared && at[myTemp] == nothing) -> advance(sealed); goto attend
#else
		:: myTemp != FINAL -> advance(sealed); goto attend
#endif
		:: myTemp == FINAL && looks && at[FINAL] == PART -> advance(sealed); goto attend
		:: myTemp == FINAL && looks && at[FINAL] == myPrint -> deliver(sizeChecked)
		:: else -> goto lostReply
		fi
	};

uploadFailed: /* the server is still there, and said no */
	others;
	atomic {
		if
		:: direct -> advance(sealed); goto settled
		:: else
		fi;
		request(REMOVE, myTemp, 0);
		if
		:: answer == OK && fence == myFence && step == myStep -> cleared = 1
		:: else
		fi;
		if
#ifdef SUPERVISED
		:: bytes != nothing && bytes != got -> goto changed
		:: !(bytes != nothing && bytes != got) && !staged && print(src) != myPrint && src != nothing -> goto changed
#else
		:: !staged && print(src) != myPrint && src != nothing -> goto changed
#endif
		:: !staged && src == nothing -> goto withdrawn
		:: else -> goto settled
		fi
	};

vanished: /* acknowledged, and gone at once. R16: never sent again by itself */
	others;
	atomic {
#ifdef NO_R16
		advance(sealed);
		goto attend
#else
		if
		:: sweeps -> deliver(swept)
		:: else -> goto hold
		fi
#endif
	};

lostReply: /* on_lost_reply */
	others;
	atomic {
		if
#ifdef NO_R18           /* what is assumed says so */
		:: assume -> deliver(verified)
#else
		:: assume -> deliver(assumed)
#endif
		:: resend -> advance(sealed); goto attend
		:: !assume && !resend -> goto hold
		fi
	};

hold:
	others;
	atomic { myState = Held; advance(myStep); goto settled };

changed: /* the next look takes it up again */
	others;
	atomic { advance(seen); goto settled };

withdrawn:
	others;
	atomic { myState = Skipped; advance(done); goto settled };

retire:	/* ---- X9: aside first, as with imports; but the disk is ours, and nothing there is late */
	others;
	atomic {
		if
		:: keeps || (!hasAside && print(src) != myPrint) -> advance(done); goto settled
		:: !keeps && !hasAside && print(src) == myPrint -> hasAside = 1; advance(delivered)
		:: else
		fi
	};
	others;
	atomic {                                /* Move */
		if
		:: !moved && src != nothing && aside == nothing -> aside = src; src = nothing
		:: else
		fi;
		mayDie()
	};
	others;
	atomic {
		if
		:: aside == nothing -> goto retired
#ifndef NO_X9           /* what was moved aside is looked at, and goes back */
		:: aside != nothing && print(aside) != myPrint && src == nothing -> src = aside; aside = nothing; mayDie(); goto retired
		:: aside != nothing && print(aside) != myPrint && src != nothing -> goto settled       /* a person is told */
#endif
		:: else -> moved = 1; advance(delivered)
		fi
	};
	others;
	atomic { aside = nothing; mayDie() };

retired:
	others;
	atomic { advance(done) };

nameTaken: /* the file fails until the customer has taken the other one away; nothing bears this attempt's fence */
	others;
	atomic {
		if
		:: fence == myFence && (myStep == sealed || myStep == uploaded) -> fence--
		:: else
		fi
	};

settled:
cleanTemps: /* at the end of a run: temporaries that rows remember */
	others;
	atomic {
		forget();
		n = 1
	};
	do
	:: atomic { n < names && at[n] != nothing && cleans(n) ->
		request(REMOVE, n, 0);
		left = left & ~(1 << n);
		if
		:: n == older -> older = 0
		:: else
		fi;
		n++ }
	:: atomic { n < names && !(at[n] != nothing && cleans(n)) -> n++ }
	:: n >= names -> break
	od;
	atomic {
		if
		:: calm < 4 -> goto work
		:: else -> atRest(); goto end
		fi
	};

cut:	/* the process died, or its session, and what it knew is gone */
	others;
	goto work;

end:	skip
}

/* -------------------------------------------------------------------------------------------------- everybody else */

/* The platform writes the file, and once more over it; and it may take it out again. */
inline mayWithdraw() {
	if
	:: true
	:: atomic { src != nothing && NODES == 1 -> src = nothing; withdrew = 1 }
	fi
}

proctype Platform() {
	src = 1;
	mayWithdraw();
	if
	:: V == 2 ->
		atomic { src = 2; withdrew = 0 };
		mayWithdraw()
	:: else
	fi;
	platformDone = 1
}

/* The customer, and what was under way when its session died. */
proctype Fate() {
	byte answer;
end:	do
	:: atomic { late != 0 -> serves(late, lateName, lateContent); late = 0; lateName = 0; lateContent = 0; answer = OK }
	:: atomic { late != 0 -> late = 0; lateName = 0; lateContent = 0 }
	:: atomic { copying != 0 && at[copying] != nothing ->           /* the copy is whole, and the original goes */
		at[FINAL] = at[copying]; at[copying] = nothing; copying = 0; arrives(at[FINAL]) }
	:: atomic { copying != 0 && at[copying] == nothing -> copying = 0 }
	:: atomic { whole(at[FINAL]) -> at[FINAL] = nothing }           /* the customer takes it */
	:: atomic { at[FINAL] == FOREIGN -> at[FINAL] = nothing; calm = 0 }
	:: atomic { faults > 0 && !sweeper && !lies && names > 1 && at[names - 1] != nothing && at[names - 1] != GUARD && copying == 0 ->  /* a janitor */
		faults--; at[names - 1] = nothing }
#ifndef ALONE
	:: atomic { !stranger && at[FINAL] == nothing && step < uploaded && !(direct && (step == sending || (timed && temp == FINAL))) -> stranger = 1; at[FINAL] = FOREIGN }
#endif
	:: atomic { takeovers > 0 -> takeovers--; takenOver = 1; zombie = 1; run Node(1) }
	od
}

#ifdef SUPERVISED
/* A person looks at what waits, and decides. Somebody may also take it out of the stage, or lay something else there. */
#define waits (state == Held && asked)

proctype Person() {
end:	do
	:: atomic { waits -> fence++; asked = 0; state = Waiting; approved = got; looked[got] = 1; calm = 0 }
	:: atomic { waits -> fence++; asked = 0; state = Rejected; step = done; staged = 0; inStage = nothing; calm = 0 }
	:: atomic { takes > 0 && waits && inStage != nothing -> takes--; inStage = nothing }
	:: atomic { takes > 0 && waits && inStage != nothing -> takes--; inStage = 3 - inStage }
	od
}
#endif

init {
	atomic {
#ifdef SUPERVISED
		run Person();
#endif
		if
		:: WAY == 1 || WAY == 0 -> if :: replaces = 0 :: replaces = 1 fi; if :: looks = 1 :: looks = 0 fi
		:: WAY == 2 || WAY == 0 ->
			looks = 1;
			if :: copies = 1 :: lies = 1 :: sweeper = 1; sweeps = 1 :: refuses = 1 :: refuses = 1; snapshots = 1 fi
		:: WAY == 3 || WAY == 0 -> direct = 1; if :: looks = 1 :: looks = 0 fi
		fi;
		/* What has nothing to do with one another is varied together. */
#ifdef TWINS
		assume = 1; keeps = 1;
#else
		if :: assume = 0; keeps = 0 :: assume = 1; keeps = 1 :: NODES == 1 -> resend = 1 fi;
#endif
		if :: mayReplace = 0 :: mayReplace = 1; snapshots = 1 fi;
		run Node(0);
		run Platform();
		run Fate()
	}
}
