package sim

// Where things stand in the simulated address spaces. Nothing real is at any of these addresses.
//
//	64-bit process                          32-bit process
//	0x00000100_00000000 heaps, 16 GiB each  0x20000000 heaps, 16 MiB each
//	0x00007FF0_00000000 images              0x61000000 images
//	0x000000F0_00000000 list objects        the same
//
//	system
//	0xFFFF8000_00000000 processes, 4 KiB each, with the head of the thread list inside
//	0xFFFF9000_00000000 threads, 4 KiB each
//	0xFFFFF803_00000000 the head of the process list
const (
	heaps64, heapSpan64, mostHeaps64 = 0x0000_0100_0000_0000, 16 << 30, 8000
	heaps32, heapSpan32, mostHeaps32 = 0x2000_0000, 16 << 20, 64

	images64, imagesTop64 = 0x7FF0_0000_0000, 0x7FFF_FFFF_0000
	images32, imagesTop32 = 0x6100_0000, 0x7FFE_0000

	moduleHead  Address = 0x0000_00F0_0000_0010
	heapHead    Address = 0x0000_00F0_0000_0020
	moduleNodes Address = 0x0000_00F0_0001_0000
	moduleNode          = 0x120

	processHead  Address = 0xFFFF_F803_0000_0000
	processNodes Address = 0xFFFF_8000_0000_0000
	threadNodes  Address = 0xFFFF_9000_0000_0000
	systemNode           = 0x1000
	threadHead           = 0x5E0 // of a process's thread list, from the process's own address

	heapHeader  = 0x1000 // from a heap's base to its first block
	blockHeader = 16     // before each block
)

// BlockOverhead is how many bytes a block takes beside the ones asked for, rounding aside.
const BlockOverhead = blockHeader

// userTop is where a process's half of the address space ends.
func userTop(bits int) Address {
	if bits == 32 {
		return imagesTop32
	}
	return imagesTop64
}

// usualBase is where an image stands that prefers no base: the same in every process, as on a system
// that shuffles once per boot.
func usualBase(hash uint64, bits int) Address {
	if bits == 32 {
		return images32 + Address(hash%0x1500)*granularity
	}
	return images64 + 0x8_0000_0000 + Address(hash%0x70000)*granularity
}

// heapBase is the address of a process's heap slot.
func heapBase(bits uint8, slot uint32) Address {
	if bits == 32 {
		return heaps32 + Address(slot)*heapSpan32
	}
	return heaps64 + Address(slot)*heapSpan64
}

func heapSpan(bits uint8) uint64 {
	if bits == 32 {
		return heapSpan32
	}
	return heapSpan64
}

func mostHeaps(bits uint8) uint32 {
	if bits == 32 {
		return mostHeaps32
	}
	return mostHeaps64
}

// heapSlot is the inverse of heapBase.
func heapSlot(bits uint8, base Address) (uint32, bool) {
	first := heapBase(bits, 0)
	if base < first {
		return 0, false
	}
	off := uint64(base - first)
	slot := off / heapSpan(bits)
	return uint32(slot), off%heapSpan(bits) == 0 && slot < uint64(mostHeaps(bits))
}

// heapArea is the part of an address space that heaps keep for themselves.
func heapArea(bits uint8) (from, to Address) {
	return heapBase(bits, 0), heapBase(bits, mostHeaps(bits))
}

func processAddress(slot uint32) Address { return processNodes + Address(slot)*systemNode }
func threadAddress(slot uint32) Address  { return threadNodes + Address(slot)*systemNode }
func moduleAddress(slot uint32) Address  { return moduleNodes + Address(slot)*moduleNode }
