package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// file is a file of manifests, with lines of three dashes between them, or a
// pipeline of GitLab, which its name tells.
type file struct {
	name string
	data []byte
}

// world is the objects of all files by name: they are applied together.
type world struct {
	jobs       map[string]*batchv1.Job
	configMaps map[string]*corev1.ConfigMap
	claims     map[string]*corev1.PersistentVolumeClaim
}

// check tells which objects there are, and what is wrong.
func check(files []file) (found []string, wrong []error) {
	w := world{map[string]*batchv1.Job{}, map[string]*corev1.ConfigMap{}, map[string]*corev1.PersistentVolumeClaim{}}
	for _, f := range files {
		if strings.Contains(f.name, "gitlab") {
			jobs, err := checkPipeline(f.data)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", f.name, err))
			}
			found = append(found, fmt.Sprintf("%s: jobs %s", f.name, strings.Join(jobs, ", ")))
			continue
		}
		for i, doc := range bytes.Split(f.data, []byte("\n---\n")) {
			line, err := w.read(doc)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s, object %d: %w", f.name, i+1, err))
				continue
			}
			found = append(found, f.name+": "+line)
		}
	}
	for _, job := range w.jobs {
		if err := w.judge(job); err != nil {
			wrong = append(wrong, fmt.Errorf("Job %s: %w", job.Name, err))
		}
	}
	return found, wrong
}

// read decodes one object; fields that its schema does not have are errors, and
// so are keys that are there twice.
func (w *world) read(doc []byte) (string, error) {
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(doc, &head); err != nil {
		return "", err
	}
	var err error
	name := ""
	switch head.APIVersion + " " + head.Kind {
	case "batch/v1 Job":
		job := &batchv1.Job{}
		err = yaml.UnmarshalStrict(doc, job)
		name, w.jobs[job.Name] = job.Name, job
	case "v1 ConfigMap":
		m := &corev1.ConfigMap{}
		err = yaml.UnmarshalStrict(doc, m)
		name, w.configMaps[m.Name] = m.Name, m
	case "v1 PersistentVolumeClaim":
		c := &corev1.PersistentVolumeClaim{}
		err = yaml.UnmarshalStrict(doc, c)
		name, w.claims[c.Name] = c.Name, c
	default:
		err = fmt.Errorf("there is no schema here for %q of %q", head.Kind, head.APIVersion)
	}
	if err == nil && name == "" {
		err = errors.New("metadata.name is missing")
	}
	return head.Kind + " " + name, err
}

// judge holds what the API server demands of a job beyond its schema, and what the
// shards of a search need.
func (w *world) judge(job *batchv1.Job) error {
	s, pod := &job.Spec, &job.Spec.Template.Spec
	var wrong []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	demand(pod.RestartPolicy == corev1.RestartPolicyNever, "restartPolicy is %q; a verdict is not to be retried in place", pod.RestartPolicy)
	demand(len(pod.Containers) > 0, "it has no container")
	demand(job.Spec.Selector == nil, "the selector is made by the server")
	indexed := s.CompletionMode != nil && *s.CompletionMode == batchv1.IndexedCompletion
	demand(s.CompletionMode == nil || indexed || *s.CompletionMode == batchv1.NonIndexedCompletion, "completionMode is %q", deref(s.CompletionMode))
	demand(indexed || s.BackoffLimitPerIndex == nil, "backoffLimitPerIndex needs completionMode Indexed")
	demand(!indexed || s.Completions != nil, "completionMode Indexed needs completions")
	w.policy(s, pod, indexed, demand)
	for i := range pod.Containers {
		w.container(s, pod, &pod.Containers[i], indexed, demand)
	}
	for _, v := range pod.Volumes {
		claim := v.PersistentVolumeClaim
		demand(claim == nil || w.claims[claim.ClaimName] != nil, "volume %s: there is no claim %s in these files", v.Name, name(claim))
	}
	return errors.Join(wrong...)
}

// policy judges the rules of what becomes of failed pods.
func (w *world) policy(s *batchv1.JobSpec, pod *corev1.PodSpec, indexed bool, demand func(bool, string, ...any)) {
	if s.PodFailurePolicy == nil {
		return
	}
	for i, rule := range s.PodFailurePolicy.Rules {
		switch rule.Action {
		case batchv1.PodFailurePolicyActionFailJob, batchv1.PodFailurePolicyActionIgnore, batchv1.PodFailurePolicyActionCount:
		case batchv1.PodFailurePolicyActionFailIndex:
			demand(indexed && s.BackoffLimitPerIndex != nil, "rule %d: FailIndex needs backoffLimitPerIndex", i+1)
		default:
			demand(false, "rule %d: there is no action %q", i+1, rule.Action)
		}
		demand((rule.OnExitCodes == nil) != (rule.OnPodConditions == nil), "rule %d: it is either about exit codes or about conditions", i+1)
		if c := rule.OnExitCodes; c != nil {
			demand(c.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn || c.Operator == batchv1.PodFailurePolicyOnExitCodesOpNotIn, "rule %d: there is no operator %q", i+1, c.Operator)
			demand(c.ContainerName == nil || has(pod.Containers, *c.ContainerName), "rule %d: there is no container %q", i+1, deref(c.ContainerName))
		}
	}
}

// container judges what a container takes from its surroundings.
func (w *world) container(s *batchv1.JobSpec, pod *corev1.PodSpec, c *corev1.Container, indexed bool, demand func(bool, string, ...any)) {
	demand(c.Image != "", "container %s has no image", c.Name)
	shards := ""
	for _, e := range c.Env {
		if e.Name == "ZKSIM_SHARDS" {
			shards = e.Value
		}
		if e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil {
			ref := e.ValueFrom.ConfigMapKeyRef
			m := w.configMaps[ref.Name]
			demand(m != nil && m.Data[ref.Key] != "", "%s: there is no key %s of a config map %s in these files", e.Name, ref.Key, ref.Name)
		}
	}
	if indexed && s.Completions != nil {
		demand(shards == strconv.Itoa(int(*s.Completions)), "ZKSIM_SHARDS is %q, and completions is %d", shards, *s.Completions)
	}
	for _, m := range c.VolumeMounts {
		found := false
		for _, v := range pod.Volumes {
			found = found || v.Name == m.Name
		}
		demand(found, "container %s mounts %s, which is no volume of the pod", c.Name, m.Name)
	}
}

func has(containers []corev1.Container, name string) bool {
	for _, c := range containers {
		if c.Name == name {
			return true
		}
	}
	return false
}

func name(claim *corev1.PersistentVolumeClaimVolumeSource) string {
	if claim == nil {
		return ""
	}
	return claim.ClaimName
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
