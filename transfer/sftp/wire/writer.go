package wire

import (
	"fmt"
	"time"
)

// lastWords is how long one of reader and writer may go on when the other has come to its end.
const lastWords = time.Second

// gather is how many bytes of small requests are written in one go: a packet of an SSH channel.
const gather = 32 << 10

// enqueue hands a packet without an id to the writer.
func (c *Client) enqueue(r *request) {
	r.left.Store(2)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, r)
	c.queued.Signal()
}

func (c *Client) writeLoop() {
	defer close(c.written)
	var scratch []byte
	for {
		batch := c.nextBatch()
		if batch == nil {
			return
		}
		var err error
		if scratch, err = c.writeBatch(scratch[:0], batch); err != nil {
			c.cannotWrite(fmt.Errorf("write to the server: %w", err))
			return
		}
	}
}

// settle waits, behind the end of the session, until all that was answered before it has been delivered.
func (c *Client) settle() {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-c.written:
	case <-timer.C:
	}
}

// cannotWrite ends the session, but lets the reader come to the end first: a server that hangs up may have said why.
func (c *Client) cannotWrite(cause error) {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-c.dead:
	case <-timer.C:
		c.fail(cause)
	}
}

// nextBatch waits for requests and takes all that wait; nil when the session has ended.
func (c *Client) nextBatch() []*request {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && c.cause == nil {
		c.queued.Wait()
	}
	if c.cause != nil {
		return nil
	}
	batch := c.queue
	c.queue = nil
	for _, r := range batch {
		r.begun = true
	}
	return batch
}

// writeBatch writes small requests together and large ones as they are, in order.
func (c *Client) writeBatch(scratch []byte, batch []*request) ([]byte, error) {
	first := 0 // of the requests in scratch
	flush := func(end int) error {
		if len(scratch) > 0 {
			if _, err := c.stream.Write(scratch); err != nil {
				return err
			}
			scratch = scratch[:0]
		}
		for ; first < end; first++ {
			batch[first].wrote()
		}
		return nil
	}
	for i, r := range batch {
		if len(scratch)+len(r.packet) <= gather {
			scratch = append(scratch, r.packet...)
			continue
		}
		if err := flush(i); err != nil {
			return scratch, err
		}
		if _, err := c.stream.Write(r.packet); err != nil {
			return scratch, err
		}
		r.wrote()
		first = i + 1
	}
	return scratch, flush(len(batch))
}
