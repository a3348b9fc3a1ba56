module github.com/toolhelpsim/toolhelpsim

go 1.25.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/prometheus/procfs v0.22.0
	github.com/spf13/cobra v1.10.2
	golang.org/x/sys v0.47.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
)
