// Package peers compares the court with checkers that others have written. It is a module of its own, so that nothing of theirs reaches the main one.
package peers
