package sftptest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// handlesMost is how many files and folders a session may have open.
const handlesMost = 1000

// session is one SFTP session: it answers one request after the other, as OpenSSH does.
type session struct {
	conn    *connection
	server  *Server
	in      *bufio.Reader
	out     *bufio.Writer
	handles map[string]*handle
	next    int
	kept    [][]byte // answers that others may overtake
	knobs   Knobs    // as they were when the request came
}

// errHangUp ends a session without an answer.
var errHangUp = errors.New("hang up")

// asked is one request and what is to be said about it in the log.
type asked struct {
	kind   byte
	id     uint32
	fields *packet.Fields // what is not read yet

	request request
	log     Operation
	empty   bool    // a path is the empty one, which leads nowhere
	name    string  // of the handle
	handle  *handle // nil: there is none of that name
	data    []byte  // of a WRITE
	idle    bool    // it is answered as if it were done, and is not
}

func newSession(c *connection, stream io.ReadWriter) *session {
	return &session{conn: c, server: c.server, in: bufio.NewReaderSize(stream, 64<<10), out: bufio.NewWriterSize(stream, 64<<10),
		handles: map[string]*handle{}}
}

// serve answers requests until the client goes or a fault ends the session.
func (s *session) serve() {
	defer s.closeAll()
	defer func() { _ = s.release() }()
	if s.hello() != nil {
		return
	}
	for {
		if s.in.Buffered() == 0 && s.release() != nil {
			return
		}
		kind, body, err := s.read()
		if err != nil || len(body) < 4 {
			return
		}
		a := &asked{kind: kind, id: binary.BigEndian.Uint32(body), fields: packet.Parse(body[4:])}
		if s.handle(a) != nil {
			return
		}
	}
}

func (s *session) read() (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 1 || length > packet.MaxLength {
		return 0, nil, packet.ErrTruncated
	}
	body = make([]byte, length-1)
	_, err = io.ReadFull(s.in, body)
	return head[4], body, err
}

// hello answers INIT.
func (s *session) hello() error {
	kind, _, err := s.read()
	if err != nil || kind != packet.Init || !s.pause(s.server.current().Delay) {
		return errHangUp
	}
	b := packet.AppendUint32([]byte{0, 0, 0, 0, packet.VersionReply}, packet.Version)
	for _, e := range s.offered() {
		b = packet.AppendString(packet.AppendString(b, e.name), e.version)
	}
	_, err = s.out.Write(packet.End(b, 0))
	return err
}

// handle answers one request, or does to it what a fault says.
func (s *session) handle(a *asked) error {
	s.knobs = s.server.current()
	s.describe(a)
	a.log.Began = time.Now()
	fault, hit := s.server.fault(a.log, s.conn.later)
	a.log.Fault = hit
	if !s.pause(s.knobs.Delay + fault.Delay) {
		return errHangUp
	}
	if !hit {
		return s.answer(a, s.perform(a))
	}
	if lie, ok := lies[fault.Do]; ok {
		return lie(s, a, s.perform(a))
	}
	switch fault.Do {
	case Fail:
		return s.answer(a, fault.status())
	case FailDone:
		s.perform(a)
		return s.answer(a, fault.status())
	case Pretend:
		return s.answer(a, status(packet.OK))
	case Drop:
		return s.hangUp(a)
	case DropDone:
		s.perform(a)
		return s.hangUp(a)
	case DropAnswered:
		_ = s.answer(a, s.perform(a))
		return s.cut()
	case EndSession:
		s.note(a, packet.OK)
		return errHangUp
	case EndSessionDone:
		s.perform(a)
		s.note(a, packet.OK)
		return errHangUp
	case Swallow:
		s.perform(a)
		s.note(a, packet.OK)
		return nil
	case Stall:
		return s.stall(a)
	case StallDone:
		s.perform(a)
		return s.stall(a)
	}
	s.meddle(a, fault.Do)
	return s.answer(a, s.perform(a))
}

// pause waits, but not behind the end of the server.
func (s *session) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	if s.release() != nil { // earlier answers are not held back
		return false
	}
	return s.server.sleep(d)
}

// sleep waits, and says whether it was not cut short by the end of the server.
func (s *Server) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// stall keeps the session open and silent until the connection is cut. What was answered before has gone out.
func (s *session) stall(a *asked) error {
	s.note(a, packet.OK)
	_ = s.release()
	gone := make(chan struct{})
	s.server.done.Go(func() { _ = s.conn.ssh.Wait(); close(gone) })
	select {
	case <-gone:
	case <-s.server.ctx.Done():
	}
	return errHangUp
}

func (s *session) hangUp(a *asked) error {
	s.note(a, packet.OK)
	return s.cut()
}

// cut cuts the connection behind what was answered.
func (s *session) cut() error {
	_ = s.release()
	_ = s.conn.raw.Close()
	return errHangUp
}

// answer sends the rest of a packet, which begins with its kind.
func (s *session) answer(a *asked, reply reply) error {
	s.note(a, reply.code)
	return s.send(frame(a.id, reply))
}

// frame makes the packet of an answer.
func frame(id uint32, reply reply) []byte {
	b := packet.Begin(make([]byte, 0, packet.HeaderLength+len(reply.fields)), reply.kind, id)
	return packet.End(append(b, reply.fields...), 0)
}

// send sends a packet, or keeps it until others may overtake it.
func (s *session) send(packet []byte) error {
	switch {
	case s.knobs.Drip > 0:
		s.server.struck.Add(1)
		return s.drip(packet)
	case s.knobs.Reorder == 0:
		_, err := s.out.Write(packet)
		return err
	}
	if s.kept = append(s.kept, packet); len(s.kept) >= s.knobs.Reorder {
		return s.release()
	}
	return nil
}

// release sends what was kept, the last first, and all that is on its way.
func (s *session) release() error {
	if len(s.kept) > 1 {
		s.server.struck.Add(1)
	}
	for _, packet := range slices.Backward(s.kept) {
		_, _ = s.out.Write(packet) // Flush tells
	}
	s.kept = nil
	return s.out.Flush()
}

func (s *session) drip(packet []byte) error {
	for i := range packet {
		_, _ = s.out.Write(packet[i : i+1])
		if s.out.Flush() != nil || !s.server.sleep(s.knobs.Drip) {
			return errHangUp
		}
	}
	return nil
}

// note writes the log.
func (s *session) note(a *asked, code uint32) {
	a.log.At, a.log.Code = time.Now(), code
	s.server.log.add(a.log)
}

// fault finds the first fault that hits an operation.
func (s *Server) fault(o Operation, later bool) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.knobs.Faults {
		if (f.Op != "" && f.Op != o.Op) || (f.Later && !later) || (f.Path != "" && f.Path != o.Path && f.Path != path.Base(o.Path)) {
			continue
		}
		s.hits[i]++
		if s.hits[i] > f.After && (f.Times == 0 || s.hits[i] <= f.After+f.Times) {
			s.struck.Add(1)
			return f, true
		}
	}
	return Fault{}, false
}
