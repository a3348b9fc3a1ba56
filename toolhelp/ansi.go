package toolhelp

// highANSI is the row of code page 1252 that differs from Latin-1, bytes 0x80 to 0x9F: 27 characters of other blocks. The five
// bytes that the code page leaves undefined stand for the control characters of the same number, as Windows has it.
var highANSI = [32]uint16{
	0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
	0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
}

// toANSI is the byte of code page 1252 for one UTF-16 unit, '?' when it has none. Units are taken one by one, so a character
// outside the first plane becomes two question marks.
func toANSI(u uint16) byte {
	if u < 0x80 || 0xA0 <= u && u <= 0xFF {
		return byte(u)
	}
	for i, h := range highANSI {
		if h == u {
			return byte(0x80 + i)
		}
	}
	return '?'
}

// putANSI writes name up to its first NUL, and a NUL, and leaves what stands behind (rule C.2-29). dst has room for at least one byte.
func putANSI(dst []byte, name []uint16) {
	n := 0
	for n < len(dst)-1 && n < len(name) && name[n] != 0 {
		dst[n] = toANSI(name[n])
		n++
	}
	dst[n] = 0
}
