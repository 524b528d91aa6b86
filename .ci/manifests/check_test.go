package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// manifests are the files of the documents.
func manifests(t *testing.T) []file {
	var files []file
	for _, name := range []string{"kubernetes-job.yaml", "kubernetes-merge.yaml", "gitlab-ci.yml"} {
		data, err := os.ReadFile("../../docs/examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{name, data})
	}
	return files
}

func TestManifestsAreRight(t *testing.T) {
	found, wrong := check(manifests(t))
	if len(wrong) > 0 || len(found) != 5 {
		t.Fatalf("%v, %v", found, errors.Join(wrong...))
	}
}

// Each mistake is seen, and told in these words.
func TestMistakesAreSeen(t *testing.T) {
	for _, m := range []mistake{
		{"completionMode: Indexed", "completionsMode: Indexed", `unknown field "completionsMode"`},
		{"completions: 8", "completions: eight", "cannot unmarshal string"},
		{"completions: 8", "completions: 8\n  completions: 8", `key "completions" already set`},
		{"completions: 8", "completions: 9", `ZKSIM_SHARDS is "8", and completions is 9`},
		{"  completions: 8\n", "", "completionMode Indexed needs completions"},
		{"completionMode: Indexed", "completionMode: NonIndexed", "backoffLimitPerIndex needs completionMode Indexed"},
		{"completionMode: Indexed", "completionMode: indexed", `completionMode is "indexed"`},
		{"backoffLimitPerIndex: 2", "backoffLimit: 2", "FailIndex needs backoffLimitPerIndex"},
		{"action: FailIndex", "action: GiveUp", `there is no action "GiveUp"`},
		{"operator: In\n", "operator: Among\n", `there is no operator "Among"`},
		{"containerName: zksim", "containerName: sim", `there is no container "sim"`},
		{"restartPolicy: Never", "restartPolicy: OnFailure", "restartPolicy"},
		{"key: seeds", "key: seed", "no key seed of a config map zksim-search"},
		{"- name: found\n              mountPath", "- name: out\n              mountPath", "mounts out, which is no volume"},
		{"claimName: zksim-found", "claimName: found", "there is no claim found"},
		{"memory: 512Mi", "memory: lots", "quantities must match"},
		{"apiVersion: batch/v1", "apiVersion: batch/v1beta1", `no schema here for "Job" of "batch/v1beta1"`},
		{"image: registry.example.org/zksim:v0.1.0", `image: ""`, "has no image"},
	} {
		m.isSeen(t, 0)
	}
}

func TestMistakesOfAPipelineAreSeen(t *testing.T) {
	for _, m := range []mistake{
		{"parallel: 4", "paralel: 4", `unknown field "paralel"`},
		{"parallel: 4", "parallel: four", "cannot unmarshal string"},
		{"exit_codes: [125]", "exit_code: [125]", `unknown field "exit_code"`},
		{"stage: merge", "stage: join", `there is no stage "join"`},
		{"when: always", "when: ever", `there is no when "ever"`},
		{"  script:\n    - go test", "  before_script:\n    - go test", "test has no script"},
	} {
		m.isSeen(t, 2)
	}
}

// mistake is a change of a file, and what must be told of it.
type mistake struct{ old, now, told string }

func (m mistake) isSeen(t *testing.T, at int) {
	files := manifests(t)
	if !bytes.Contains(files[at].data, []byte(m.old)) {
		t.Fatalf("%q is not in %s", m.old, files[at].name)
	}
	files[at].data = bytes.Replace(files[at].data, []byte(m.old), []byte(m.now), 1)
	_, wrong := check(files)
	if err := errors.Join(wrong...); err == nil || !strings.Contains(err.Error(), m.told) {
		t.Errorf("%q: %v", m.now, err)
	}
}
