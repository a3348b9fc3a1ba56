module github.com/toolhelpsim/toolhelpsim/fuzz/peers

go 1.25.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/toolhelpsim/toolhelpsim v0.0.0
)

require (
	github.com/google/go-cmp v0.7.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

replace github.com/toolhelpsim/toolhelpsim => ../..
