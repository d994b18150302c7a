package store

import "gorm.io/gorm"

// startOf is where a walk over a table begins: before a row, or before all that there will be.
func startOf(db *gorm.DB, table string, before int64) (int64, error) {
	if before > 0 {
		return before, nil
	}
	var last int64
	err := db.Raw(`SELECT coalesce(max(id), 0) + 1 FROM ` + table).Scan(&last).Error
	return last, err
}

// walk looks at rows with IDs below before, the highest first and in windows that grow, until limit rows are found or at least most
// have been looked at. look gives how many rows it found from low to below high, limit at most, and the lowest of them. What walk gives
// is where to go on; 0: there is nothing more.
func walk(before int64, limit, most int, look func(low, high int64, limit int) (found int, lowest int64, err error)) (next int64, err error) {
	high, window, looked := before, int64(max(limit, 100)), int64(0)
	for high > 1 {
		low := max(1, high-window)
		found, lowest, err := look(low, high, limit)
		if err != nil {
			return 0, err
		}
		if limit -= found; limit <= 0 {
			return lowest, nil
		}
		looked, high, window = looked+high-low, low, window*2
		if looked >= int64(most) {
			break
		}
	}
	if high <= 1 {
		return 0, nil
	}
	return high, nil
}
