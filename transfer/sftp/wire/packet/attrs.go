package packet

// The flags that say which attributes are there.
const (
	AttrSize        = 1 << 0
	AttrOwner       = 1 << 1
	AttrPermissions = 1 << 2
	AttrTimes       = 1 << 3
	AttrExtended    = 1 << 31
)

// The type bits of Attrs.Mode.
const (
	ModeType    = 0o170000
	ModeRegular = 0o100000
	ModeDir     = 0o040000
	ModeLink    = 0o120000
)

// Attrs are the attributes of a file. Only those that Flags names were sent.
type Attrs struct {
	Flags        uint32
	Size         uint64
	UID, GID     uint32
	Mode         uint32 // type bits and permissions, as in stat(2)
	ATime, MTime uint32 // seconds since 1970
}

// Has says whether the attributes that flag names were sent.
func (a Attrs) Has(flag uint32) bool { return a.Flags&flag != 0 }

// Attrs reads attributes. Extended ones are skipped.
func (f *Fields) Attrs() Attrs {
	a := Attrs{Flags: f.Uint32()}
	if a.Has(AttrSize) {
		a.Size = f.Uint64()
	}
	if a.Has(AttrOwner) {
		a.UID, a.GID = f.Uint32(), f.Uint32()
	}
	if a.Has(AttrPermissions) {
		a.Mode = f.Uint32()
	}
	if a.Has(AttrTimes) {
		a.ATime, a.MTime = f.Uint32(), f.Uint32()
	}
	if a.Has(AttrExtended) {
		f.skipPairs()
	}
	return a
}

// skipPairs reads over a counted list of pairs of strings; a count that lies ends with the packet.
func (f *Fields) skipPairs() {
	for left := f.Uint32(); left > 0 && !f.bad; left-- {
		f.Bytes()
		f.Bytes()
	}
}

// AppendAttrs appends the attributes that a.Flags names, extended ones excepted.
func AppendAttrs(b []byte, a Attrs) []byte {
	b = AppendUint32(b, a.Flags&^uint32(AttrExtended))
	if a.Has(AttrSize) {
		b = AppendUint64(b, a.Size)
	}
	if a.Has(AttrOwner) {
		b = AppendUint32(AppendUint32(b, a.UID), a.GID)
	}
	if a.Has(AttrPermissions) {
		b = AppendUint32(b, a.Mode)
	}
	if a.Has(AttrTimes) {
		b = AppendUint32(AppendUint32(b, a.ATime), a.MTime)
	}
	return b
}
