//go:build race

package fuzz

const litmusRace = true // everything takes ten times as long
