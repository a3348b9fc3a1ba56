//go:build !race

package fuzz

const litmusRace = false
