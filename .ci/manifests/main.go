// Command manifests reads Kubernetes manifests as the API server would: every
// field must be one of its schema, and what belongs together must be together. Of
// a pipeline of GitLab it knows the keywords that the example uses. It prints what
// it has read, and ends with 1 if anything is wrong.
//
// It is a module of its own, so that the schema is no dependency of zksim.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: manifests FILE…")
		os.Exit(129)
	}
	var files []file
	for _, name := range os.Args[1:] {
		data, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(128)
		}
		files = append(files, file{name, data})
	}
	found, wrong := check(files)
	for _, line := range found {
		fmt.Println(line)
	}
	for _, err := range wrong {
		fmt.Fprintln(os.Stderr, err)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
}
