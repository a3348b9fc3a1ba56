package scenarios

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// Parse reads a world. name is what errors call the text.
//
// A line is a verb and its words, as the package comment shows them. A byte order mark at the start and a carriage return
// before a line feed are passed over. Everything that can be checked without booting is checked: an error is an [*Error] that
// tells the line, what was found and what was expected, and wraps [ErrWorld], [ErrTooLarge] or what r said.
func Parse(name string, r io.Reader) (*World, error) {
	p := &parser{w: &World{source: name}, total: newTotals()}
	if err := p.lines(r); err != nil {
		return nil, at(name, p.line, err)
	}
	if _, err := resolve(p.w, false); err != nil {
		return nil, err
	}
	return p.w, nil
}

type parser struct {
	w     *World
	line  int
	began bool // a line other than world was there
	total totals
	words line // the line being read

	// What the line says, before it is appended. A row reaches it by a function, so a variable of its own would be an allocation a line.
	scratch struct {
		file    File
		process Process
		thread  Thread
		module  Module
		heap    Heap
		block   Block
	}

	process *Process // what thread, module and heap lines are about
	heap    *Heap    // what block lines are about
}

// A line gives its words after the verb.
type line struct {
	words
	verb string
}

// word is one that must be there.
func (l *line) word(takes string) (string, error) {
	word, ok, err := l.next()
	if err == nil && !ok {
		err = problem("%s: found the end of the line, expected %s", l.verb, takes)
	}
	return word, err
}

// path is a word that names a file; a file without any name is odd, and there.
func (l *line) path(takes string) (string, error) {
	word, err := l.word(takes)
	if err == nil {
		err = checkLen(word)
	}
	return word, err
}

func (p *parser) lines(r io.Reader) error {
	in := bufio.NewReaderSize(io.LimitReader(r, MaxBytes+1), 32<<10)
	var long []byte
	for read := 0; ; {
		p.line++
		b, err := readLine(in, &long)
		if read += len(b); read > MaxBytes {
			return tooLarge("found more than %s of text, expected at most that", printBytes(MaxBytes))
		}
		if err != nil && err != io.EOF {
			return err
		}
		if p.line == 1 {
			b = bytes.TrimPrefix(b, []byte("\ufeff"))
		}
		if text := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")); len(text) > 0 {
			if err := p.one(text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// readLine reads a line with its end; long is where one longer than the reader's buffer is put together.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	b, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return b, err
	}
	*long = (*long)[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		if *long = append(*long, b...); len(*long) > MaxLine {
			return nil, tooLarge("found a line of more than %s, expected at most that", printBytes(MaxLine))
		}
		b, err = in.ReadSlice('\n')
	}
	*long = append(*long, b...)
	return *long, err
}

// one reads a line without its end.
func (p *parser) one(b []byte) error {
	if !utf8.Valid(b) {
		return problem("found bytes that are not UTF-8, expected UTF-8; in quotes a UTF-16 unit is written <D800>")
	}
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7F {
			return problem("found the control character %#02x, expected text; in quotes it is written <%X>", c, c)
		}
	}
	if b = bytes.TrimLeft(b, " \t"); len(b) == 0 || b[0] == '#' {
		return nil
	}
	l := &p.words
	*l = line{words: words{rest: string(b)}}
	word, _, err := l.next()
	if err != nil {
		return err
	}
	for _, v := range verbs {
		if v.name == word {
			l.verb = v.name
			err := v.read(p, l)
			p.began = true
			return err
		}
	}
	return problem("found %s, expected a line that begins with %s%s", show(word), anyOf(verbNames()), didYouMean(word, verbNames()))
}

func (p *parser) readWorld(l *line) error {
	if p.began {
		return problem("found a world line, expected it once and before all others")
	}
	return readRows(l, worldRows, p.w)
}

func (p *parser) readFile(l *line) (err error) {
	f := &p.scratch.file
	*f = File{line: p.line}
	if f.Path, err = l.path("a path"); err != nil {
		return err
	}
	if err := readRows(l, fileRows, f); err != nil {
		return err
	}
	return add(&p.w.Files, *f, &p.total.files, 1)
}

func (p *parser) readSystem(l *line) error {
	if p.w.Config.Bare {
		return problem("found a system line in a bare world, expected none: it has no pid 4")
	}
	if p.w.System.line != 0 {
		return problem("found a second system line, expected one: the first is line %d", p.w.System.line)
	}
	p.w.System.line = p.line
	p.process, p.heap = &p.w.System, nil
	return readRows(l, systemRows, &p.w.System)
}

func (p *parser) readProcess(l *line) (err error) {
	x := &p.scratch.process
	*x = Process{line: p.line}
	if x.File, err = l.path("a file"); err != nil {
		return err
	}
	if err := readRows(l, processRows, x); err != nil {
		return err
	}
	if err := add(&p.w.Processes, *x, &p.total.processes, 1); err != nil {
		return err
	}
	p.process, p.heap = &p.w.Processes[len(p.w.Processes)-1], nil
	return nil
}

// owner is the process that a line is about.
func (p *parser) owner(l *line) (*Process, error) {
	if p.process == nil {
		return nil, problem("found a %s line before the first process, expected a process line above it", l.verb)
	}
	return p.process, nil
}

func (p *parser) readThread(l *line) error {
	t := &p.scratch.thread
	*t = Thread{line: p.line}
	owner, err := p.owner(l)
	if err != nil {
		return err
	}
	if err := readRows(l, threadRows, t); err != nil {
		return err
	}
	return add(&owner.Threads, *t, &p.total.threads, t.weight())
}

func (p *parser) readModule(l *line) error {
	m := &p.scratch.module
	*m = Module{line: p.line}
	owner, err := p.owner(l)
	if err != nil {
		return err
	}
	if m.File, err = l.path("a file"); err != nil {
		return err
	}
	if err := readRows(l, moduleRows, m); err != nil {
		return err
	}
	return add(&owner.Modules, *m, &p.total.modules, m.weight())
}

func (p *parser) readHeap(l *line) error {
	h := &p.scratch.heap
	*h = Heap{line: p.line}
	owner, err := p.owner(l)
	if err != nil {
		return err
	}
	if err := readRows(l, heapRows, h); err != nil {
		return err
	}
	if err := add(&owner.Heaps, *h, &p.total.heaps, 1); err != nil {
		return err
	}
	p.heap = &owner.Heaps[len(owner.Heaps)-1]
	return nil
}

func (p *parser) readBlock(l *line) error {
	b := &p.scratch.block
	*b = Block{line: p.line}
	if p.heap == nil {
		return problem("found a block line before a heap of this process, expected a heap line above it")
	}
	size, err := l.word("a number of bytes")
	if err != nil {
		return err
	}
	if b.Size, err = parseBytes(size, mostAddress); err != nil {
		return prefix("block", err)
	}
	if err := readRows(l, blockRows, b); err != nil {
		return err
	}
	return add(&p.heap.Blocks, *b, &p.total.blocks, b.weight())
}

// add appends when the limit allows it.
func add[T any](to *[]T, x T, t *total, weight int64) error {
	if err := t.add(weight); err != nil {
		return err
	}
	if len(*to) == cap(*to) {
		// Twice as many each time, and never more than there may be: append alone would make five times as much in all.
		*to = slices.Grow(*to, max(1, min(len(*to), int(t.most)-len(*to))))
	}
	*to = append(*to, x)
	return nil
}
