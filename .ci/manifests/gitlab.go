package main

import (
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// pipeline is a .gitlab-ci.yml, as far as its keys do not name jobs.
type pipeline struct {
	Stages  []string  `json:"stages"`
	Default gitlabJob `json:"default"`
}

// gitlabJob has the keywords of GitLab that the example uses. GitLab publishes its
// schema on its own site only, so these are written down here, from
// https://docs.gitlab.com/ci/yaml/.
type gitlabJob struct {
	Stage        string            `json:"stage"`
	Image        string            `json:"image"`
	BeforeScript []string          `json:"before_script"`
	Script       []string          `json:"script"`
	Variables    map[string]string `json:"variables"`
	Parallel     int               `json:"parallel"`
	Timeout      string            `json:"timeout"`
	When         string            `json:"when"`
	AllowFailure struct {
		ExitCodes []int `json:"exit_codes"`
	} `json:"allow_failure"`
	Artifacts struct {
		When    string   `json:"when"`
		Paths   []string `json:"paths"`
		Reports struct {
			JUnit string `json:"junit"`
		} `json:"reports"`
	} `json:"artifacts"`
}

// checkPipeline tells the jobs, and what is wrong with them.
func checkPipeline(data []byte) (found []string, err error) {
	var keys map[string]any
	var p pipeline
	jobs := map[string]*gitlabJob{}
	if err := errors.Join(yaml.Unmarshal(data, &keys), yaml.Unmarshal(data, &p)); err != nil {
		return nil, err
	}
	var wrong []error
	for key, value := range keys {
		if key == "stages" {
			continue
		}
		part, err := yaml.Marshal(value)
		job := &gitlabJob{}
		if err = errors.Join(err, yaml.UnmarshalStrict(part, job)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", key, err))
		}
		if key != "default" {
			jobs[key] = job
			found = append(found, key)
		}
	}
	slices.Sort(found)
	for _, key := range found {
		wrong = append(wrong, jobs[key].judge(key, p.Stages))
	}
	return found, errors.Join(wrong...)
}

// judge holds what GitLab demands of a job beyond its keywords.
func (j *gitlabJob) judge(key string, stages []string) error {
	var wrong []error
	if !slices.Contains(stages, j.Stage) {
		wrong = append(wrong, fmt.Errorf("%s: there is no stage %q", key, j.Stage))
	}
	if len(j.Script) == 0 {
		wrong = append(wrong, fmt.Errorf("%s has no script", key))
	}
	for _, when := range []string{j.When, j.Artifacts.When} {
		if when != "" && !slices.Contains([]string{"always", "on_failure", "on_success"}, when) {
			wrong = append(wrong, fmt.Errorf("%s: there is no when %q", key, when))
		}
	}
	return errors.Join(wrong...)
}
