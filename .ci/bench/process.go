package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A child is a program to run, as a user would.
type child struct {
	name    string // what the table calls it
	command []string
	procs   int      // GOMAXPROCS; 0 leaves it to Go
	says    []string // what must stand in its standard error, so that one that does less is not taken for fast
}

// usage is what one run of a child came to.
type usage struct {
	cpu  time.Duration // user and system time of the whole process
	wall time.Duration
}

// run runs a child to its end. Its standard output goes to stdout; nil is
// /dev/null.
func run(ctx context.Context, c child, stdout io.Writer) (usage, error) {
	command := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	command.Env = os.Environ()
	if c.procs > 0 {
		command.Env = append(command.Env, "GOMAXPROCS="+strconv.Itoa(c.procs))
	}
	var errs bytes.Buffer
	command.Stdout, command.Stderr = stdout, &errs
	began := time.Now()
	if err := command.Run(); err != nil {
		return usage{}, fmt.Errorf("run %s: %w\n%s", strings.Join(c.command, " "), err, errs.Bytes())
	}
	u := usage{wall: time.Since(began), cpu: command.ProcessState.UserTime() + command.ProcessState.SystemTime()}
	for _, text := range c.says {
		if !bytes.Contains(errs.Bytes(), []byte(text)) {
			return usage{}, fmt.Errorf("%s does not say %q:\n%s", strings.Join(c.command, " "), text, errs.Bytes())
		}
	}
	return u, nil
}

// inTurn runs every child once to warm up, and then all of them in turn, so that
// whatever else the machine does meets them alike. It returns the usages of each
// child by round.
func inTurn(ctx context.Context, rounds int, children []child) ([][]usage, error) {
	all := make([][]usage, len(children))
	for round := -1; round < rounds; round++ {
		for i, c := range children {
			u, err := run(ctx, c, nil)
			if err != nil {
				return nil, err
			}
			if round >= 0 {
				all[i] = append(all[i], u)
			}
		}
	}
	return all, nil
}

func cpuOf(usages []usage) []float64 {
	var times []time.Duration
	for _, u := range usages {
		times = append(times, u.cpu)
	}
	return milliseconds(times)
}

func wallOf(usages []usage) []float64 {
	var times []time.Duration
	for _, u := range usages {
		times = append(times, u.wall)
	}
	return milliseconds(times)
}

// tool runs a program that is not measured and returns what it writes to standard
// error. Exit codes in accepted are no failure.
func tool(ctx context.Context, dir string, accepted []int, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = dir
	var errs bytes.Buffer
	command.Stderr = &errs
	err := command.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		for _, code := range accepted {
			if failed.ExitCode() == code {
				return errs.String(), nil
			}
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(arguments, " "), err, errs.Bytes())
	}
	return errs.String(), nil
}

// peak runs a program and prints the most memory that it had resident, in bytes.
//
// Linux counts to a process what resided in the one that started it, up to its
// exec. This program may have grown before, so a fresh one stands in between.
func peak(arguments []string, stdout, stderr io.Writer) error {
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stderr = stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("run %s: %w", arguments[0], err)
	}
	resources, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("this system does not tell the memory of a process")
	}
	_, err := fmt.Fprintln(stdout, resources.Maxrss<<10)
	return err
}
