package toolhelp

import "unsafe"

// A Handle is an open handle of one process: a multiple of 4, with the lowest two bits ignored. It means something only in the
// process that owns it (api rule D.1).
type Handle uintptr

// InvalidHandle is what a failed CreateToolhelp32Snapshot gives. The same number is the pseudo handle of the calling process.
const InvalidHandle = ^Handle(0)

// What a snapshot holds: the flags of Take and CreateToolhelp32Snapshot.
const (
	TH32CS_SNAPHEAPLIST = 0x01
	TH32CS_SNAPPROCESS  = 0x02
	TH32CS_SNAPTHREAD   = 0x04
	TH32CS_SNAPMODULE   = 0x08
	TH32CS_SNAPMODULE32 = 0x10 // with TH32CS_SNAPMODULE: the 32-bit modules besides, when the caller is a 64-bit one
	TH32CS_SNAPALL      = TH32CS_SNAPHEAPLIST | TH32CS_SNAPMODULE | TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD
	TH32CS_INHERIT      = 0x80000000 // the handle is inheritable; nothing to do with what is in the snapshot
)

// What stands in the Flags of the heap entries.
const (
	HF32_DEFAULT  = 1 // HeapList32: the default heap of the process
	HF32_SHARED   = 2 // HeapList32: a shared heap
	LF32_FIXED    = 1 // HeapEntry32: the block cannot move
	LF32_FREE     = 2 // HeapEntry32: the block is not in use
	LF32_MOVEABLE = 4 // HeapEntry32: the block may move
)

// Sizes of names, in characters.
const (
	MAX_PATH          = 260 // with the NUL
	MAX_MODULE_NAME32 = 255 // without the NUL
)

// Flags of handles and of DuplicateHandle.
const (
	HANDLE_FLAG_INHERIT            = 1
	HANDLE_FLAG_PROTECT_FROM_CLOSE = 2
	DUPLICATE_CLOSE_SOURCE         = 1
	DUPLICATE_SAME_ACCESS          = 2
)

// Rights to a process. PROCESS_ALL_ACCESS is spelled as golang.org/x/sys/windows does.
const (
	PROCESS_TERMINATE                 = 0x0001
	PROCESS_CREATE_THREAD             = 0x0002
	PROCESS_VM_OPERATION              = 0x0008
	PROCESS_VM_READ                   = 0x0010
	PROCESS_VM_WRITE                  = 0x0020
	PROCESS_DUP_HANDLE                = 0x0040
	PROCESS_CREATE_PROCESS            = 0x0080
	PROCESS_SET_QUOTA                 = 0x0100
	PROCESS_SET_INFORMATION           = 0x0200
	PROCESS_QUERY_INFORMATION         = 0x0400
	PROCESS_SUSPEND_RESUME            = 0x0800
	PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
	DELETE                            = 0x00010000
	READ_CONTROL                      = 0x00020000
	WRITE_DAC                         = 0x00040000
	WRITE_OWNER                       = 0x00080000
	SYNCHRONIZE                       = 0x00100000
	PROCESS_ALL_ACCESS                = 0xFFFF
)

// A ProcessEntry32 is one process of a snapshot, PROCESSENTRY32W field for field as golang.org/x/sys/windows has it: 568 bytes, 556 on
// 32-bit hosts. Set Size before the first call.
type ProcessEntry32 struct {
	Size            uint32 // in: at least the size of the struct; out: exactly that
	Usage           uint32 // 0
	ProcessID       uint32
	DefaultHeapID   uintptr // 0
	ModuleID        uint32  // 0
	Threads         uint32  // threads of the process in the same snapshot
	ParentProcessID uint32  // the creator's; never updated: it may be gone, or be somebody else by now
	PriClassBase    int32   // base priority of its threads: 4 6 8 10 13 24, and 0 for pid 0
	Flags           uint32  // 0
	ExeFile         [MAX_PATH]uint16
}

// A ProcessEntry32A is the ANSI twin of ProcessEntry32: 304 bytes, 296 on 32-bit hosts.
type ProcessEntry32A struct {
	Size            uint32 // in: at least the size of the struct; left as it is
	Usage           uint32
	ProcessID       uint32
	DefaultHeapID   uintptr
	ModuleID        uint32
	Threads         uint32
	ParentProcessID uint32
	PriClassBase    int32
	Flags           uint32
	ExeFile         [MAX_PATH]byte // code page 1252; what stood behind the NUL stays
}

// A ThreadEntry32 is one thread of a snapshot: 28 bytes everywhere, and no ANSI twin.
type ThreadEntry32 struct {
	Size           uint32 // in: at least the size of the struct; out: exactly that
	Usage          uint32 // 0
	ThreadID       uint32 // 0 for the threads of pid 0
	OwnerProcessID uint32 // the process it runs in
	BasePri        int32  // 0..31
	DeltaPri       int32  // 0
	Flags          uint32 // 0
}

// A ModuleEntry32 is one module of a snapshot, MODULEENTRY32W field for field as golang.org/x/sys/windows has it: 1080 bytes, 1064 on
// 32-bit hosts.
type ModuleEntry32 struct {
	Size         uint32  // in: at least the size of the struct; out: exactly that
	ModuleID     uint32  // 1
	ProcessID    uint32  // the pid that was asked for, or the caller's when that was 0
	GlblcntUsage uint32  // 0xFFFF
	ProccntUsage uint32  // 0xFFFF
	ModBaseAddr  uintptr // means something only inside that process; on a 32-bit host its low half
	ModBaseSize  uint32  // bytes
	ModuleHandle Handle  // the same number as ModBaseAddr
	Module       [MAX_MODULE_NAME32 + 1]uint16
	ExePath      [MAX_PATH]uint16
}

// A ModuleEntry32A is the ANSI twin of ModuleEntry32: 568 bytes, which on 64-bit hosts is also the size of ProcessEntry32; 548 on 32-bit
// hosts.
type ModuleEntry32A struct {
	Size         uint32 // in: at least the size of the struct; left as it is
	ModuleID     uint32
	ProcessID    uint32
	GlblcntUsage uint32
	ProccntUsage uint32
	ModBaseAddr  uintptr
	ModBaseSize  uint32
	ModuleHandle Handle
	Module       [MAX_MODULE_NAME32 + 1]byte // code page 1252; what stood behind the NUL stays
	ExePath      [MAX_PATH]byte              // the same
}

// A HeapList32 is one heap of a snapshot. Its Size is a SIZE_T: 32 bytes, 16 on 32-bit hosts.
type HeapList32 struct {
	Size      uintptr // in: at least the size of the struct; out: exactly that
	ProcessID uint32  // the pid that was asked for, or the caller's when that was 0
	HeapID    uintptr // for Heap32First only; never 0; on a 32-bit host without its lowest 16 bits when the process is a 64-bit one
	Flags     uint32  // HF32_DEFAULT, HF32_SHARED
}

// A HeapEntry32 is one block of a living heap and the walker's place in it: hand the same struct back to Heap32Next unchanged. Its Size is
// a SIZE_T: 56 bytes, 36 on 32-bit hosts.
type HeapEntry32 struct {
	Size      uintptr // in: at least the size of the struct; out: exactly that
	Handle    Handle  // the heap
	Address   uintptr // of the block; on a 32-bit host its low half
	BlockSize uintptr // bytes, 16 of overhead included
	Flags     uint32  // one of LF32_FIXED, LF32_FREE, LF32_MOVEABLE
	LockCount uint32  // 0
	Resvd     uint32  // the place, with the two below: where the block is in the heap
	ProcessID uint32
	HeapID    uintptr
}

// SizeofModuleEntry32 is the size of a ModuleEntry32 in bytes, under the name that golang.org/x/sys/windows gives it.
const SizeofModuleEntry32 = unsafe.Sizeof(ModuleEntry32{})

// Sizes that the calls ask of Size.
const (
	sizeofProcess     = uint32(unsafe.Sizeof(ProcessEntry32{}))
	sizeofProcessANSI = uint32(unsafe.Sizeof(ProcessEntry32A{}))
	sizeofThread      = uint32(unsafe.Sizeof(ThreadEntry32{}))
	sizeofModule      = uint32(unsafe.Sizeof(ModuleEntry32{}))
	sizeofModuleANSI  = uint32(unsafe.Sizeof(ModuleEntry32A{}))
	sizeofHeapList    = unsafe.Sizeof(HeapList32{})
	sizeofHeapEntry   = unsafe.Sizeof(HeapEntry32{})
)
