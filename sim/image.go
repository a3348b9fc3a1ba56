package sim

import (
	"encoding/binary"
	"sync/atomic"
	"unicode/utf16"
)

// MaxPath is the most UTF-16 units a path can have: what a UNICODE_STRING holds.
const MaxPath = 32767

const (
	pageSize    = 4096
	granularity = 64 << 10
	maxImage    = 0x7FFFF000
)

// An ImageSpec describes a file on disk as the loader sees it.
type ImageSpec struct {
	Path     string   // the name is what follows the last \ or /; at most MaxPath units
	Path16   []uint16 // in place of Path when not nil: lone surrogates survive
	Size     uint32   // of the mapped image in bytes; 0 means 64 KiB; rounded up to 4 KiB; below 2 GiB
	Base     Address  // preferred base, a multiple of 64 KiB; 0 means one made from the path
	Bits     int      // 64 or 32; 0 means 64
	Contents []byte   // what stands at its start, at most Size; nil means an MZ/PE header that is true about it
}

// An Image is a file that processes run and load. It never changes and is shared by any number of
// processes and kernels.
type Image struct {
	path       []uint16
	name       []uint16 // the tail of path
	fold       uint64   // hash of the path with letters folded, and of the bits
	base       Address
	size       uint32
	bits       uint8
	amongHeaps bool // the preferred base is where heaps go
	contents   []byte
	first      atomic.Pointer[list[module]] // what a process that runs it starts with: the same for all kernels, whoever makes it
}

// NewImage checks and copies s. It fails with [ErrInvalid].
func NewImage(s ImageSpec) (*Image, error) {
	units := s.Path16
	if units == nil {
		if len(s.Path) > 3*MaxPath { // no unit takes more than three bytes
			return nil, imageError(s, "the path has more than 32767 units")
		}
		units = utf16.Encode([]rune(s.Path))
	}
	if len(units) > MaxPath {
		return nil, imageError(s, "the path has more than 32767 units")
	}
	if s.Bits == 0 {
		s.Bits = 64
	}
	if s.Size == 0 {
		s.Size = granularity
	}
	switch {
	case s.Bits != 64 && s.Bits != 32:
		return nil, imageError(s, "Bits is neither 64 nor 32")
	case s.Size > maxImage:
		return nil, imageError(s, "the size is 2 GiB or more")
	case s.Base%granularity != 0 || s.Base > userTop(s.Bits) || uint64(userTop(s.Bits)-s.Base) < uint64(s.Size):
		return nil, imageError(s, "the base is no multiple of 64 KiB, or the image ends beyond the process's half of the address space")
	case uint64(len(s.Contents)) > uint64(s.Size):
		return nil, imageError(s, "the contents are longer than the image")
	}
	i := &Image{path: append([]uint16{}, units...), size: roundUp(s.Size, pageSize), bits: uint8(s.Bits), base: s.Base}
	i.name = i.path[nameStart(i.path):]
	i.fold = foldHash(i.path) ^ uint64(s.Bits)
	if i.base == 0 {
		i.base = usualBase(i.fold, s.Bits)
	}
	from, to := heapArea(i.bits)
	i.amongHeaps = i.base < to && i.base+Address(i.size) > from
	if i.contents = append([]byte(nil), s.Contents...); s.Contents == nil {
		i.contents = header(i)
	}
	return i, nil
}

func imageError(s ImageSpec, why string) error {
	path := s.Path
	if s.Path16 != nil {
		path = utf16String(s.Path16)
	}
	return fail("NewImage", because(ErrInvalid, why), "path %.80q, size %d, base %#x, bits %d", path, s.Size, s.Base, s.Bits)
}

// MustImage is NewImage for a path known to be good. It panics if it is not.
func MustImage(path string) *Image {
	i, err := NewImage(ImageSpec{Path: path})
	if err != nil {
		panic(err)
	}
	return i
}

// Path is the whole path; lone surrogates read as U+FFFD.
func (i *Image) Path() string { return utf16String(i.path) }

// Name is the last element of the path.
func (i *Image) Name() string { return utf16String(i.name) }

// Path16 is a copy of the path in UTF-16 units, as the kernel keeps it.
func (i *Image) Path16() []uint16 { return append([]uint16{}, i.path...) }

// PathLen is the length of the path in UTF-16 units.
func (i *Image) PathLen() int { return len(i.path) }

// NameLen is the length of the name in UTF-16 units.
func (i *Image) NameLen() int { return len(i.name) }

// CopyPath copies as many units of the path as dst has room for and returns how many.
func (i *Image) CopyPath(dst []uint16) int { return copy(dst, i.path) }

// CopyName copies as many units of the name as dst has room for and returns how many.
func (i *Image) CopyName(dst []uint16) int { return copy(dst, i.name) }

// Size is the size of the mapped image in bytes, a multiple of 4 KiB.
func (i *Image) Size() uint32 { return i.size }

// Base is the preferred base.
func (i *Image) Base() Address { return i.base }

// Bits is 64 or 32.
func (i *Image) Bits() int { return int(i.bits) }

// Contents is a copy of what stands at the start of the image; the rest is zero.
func (i *Image) Contents() []byte { return append([]byte(nil), i.contents...) }

// same says whether two images are one file: the loader compares paths without regard to case.
func (i *Image) same(j *Image) bool { return i == j || i.fold == j.fold && i.alike(j) }

func (i *Image) alike(j *Image) bool {
	if len(i.path) != len(j.path) {
		return false
	}
	for n, u := range i.path {
		if foldUnit(u) != foldUnit(j.path[n]) {
			return false
		}
	}
	return i.bits == j.bits
}

// read fills buf with the image's contents from off on.
func (i *Image) read(off uint64, buf []byte) {
	n := 0
	if off < uint64(len(i.contents)) {
		n = copy(buf, i.contents[off:])
	}
	clear(buf[n:])
}

func utf16String(units []uint16) string { return string(utf16.Decode(units)) }

func nameStart(path []uint16) int {
	for n := len(path); n > 0; n-- {
		if c := path[n-1]; c == '\\' || c == '/' {
			return n
		}
	}
	return 0
}

// foldUnit folds ASCII letters and takes / for \.
func foldUnit(u uint16) uint16 {
	switch {
	case u >= 'A' && u <= 'Z':
		return u + 'a' - 'A'
	case u == '/':
		return '\\'
	}
	return u
}

// foldHash is FNV-1a over the folded units.
func foldHash(path []uint16) uint64 {
	h := uint64(14695981039346656037)
	for _, u := range path {
		h = (h ^ uint64(foldUnit(u))) * 1099511628211
	}
	return h
}

func roundUp[T uint32 | uint64](n, to T) T { return (n + to - 1) / to * to }

// header is a PE header with what Tool Help users look for: the two signatures, the machine, the
// preferred base and the size of the image.
func header(i *Image) []byte {
	h := make([]byte, 0x98)
	copy(h, "MZ")
	const pe = 0x40
	binary.LittleEndian.PutUint32(h[0x3C:], pe)
	copy(h[pe:], "PE\x00\x00")
	machine, magic := uint16(0x8664), uint16(0x20B)
	if i.bits == 32 {
		machine, magic = 0x14C, 0x10B
	}
	binary.LittleEndian.PutUint16(h[pe+4:], machine)
	optional := h[pe+24:]
	binary.LittleEndian.PutUint16(optional, magic)
	if i.bits == 32 {
		binary.LittleEndian.PutUint32(optional[28:], uint32(i.base))
	} else {
		binary.LittleEndian.PutUint64(optional[24:], uint64(i.base))
	}
	binary.LittleEndian.PutUint32(optional[56:], i.size)
	return h
}
