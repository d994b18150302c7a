package scheduler

import "slices"

// lockRenamed takes the locks of the jobs whose history is about to be moved, so that none of them runs meanwhile: a run
// under the old name would find no history and take everything a second time. The job that the old one runs after is
// locked too, as its end would queue a run under the old name.
func (s *Service) lockRenamed(fresh map[string]*entry) (locked []*entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, next := range fresh {
		e, old := s.jobs[name], s.jobs[next.spec.Formerly]
		if next.spec.Formerly == "" || e != nil && e.spec.Formerly == next.spec.Formerly {
			continue
		}
		for _, e := range []*entry{e, old, s.before(old)} {
			switch {
			case e == nil || slices.Contains(locked, e):
			case e.turn != nil:
				return nil, renamedAtWork(next.spec, e.spec.Name)
			default:
				locked = append(locked, e)
			}
		}
	}
	for _, e := range locked {
		e.turn = &turn{job: e}
	}
	return locked, nil
}

// before gives the job that a job runs after; nil: none. Needs mu.
func (s *Service) before(e *entry) *entry {
	if e == nil {
		return nil
	}
	return s.jobs[e.spec.Timing.After]
}

// rename gives the jobs that were renamed the place of the old ones. Needs mu.
func (s *Service) rename(fresh map[string]*entry) {
	for name, next := range fresh {
		e := s.jobs[next.spec.Formerly]
		if e == nil || s.jobs[name] != nil {
			continue
		}
		delete(s.jobs, e.spec.Name)
		s.jobs[name] = e
		for i := range e.open {
			e.open[i].Job = name
		}
	}
}
