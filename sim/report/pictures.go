package report

// pictures names the files that show the run, in a fixed order.
func (r *Run) pictures() []string {
	var files []string
	for _, p := range []struct{ kind, hint string }{{"chrome", " (ui.perfetto.dev)"}, {"porcupine", ""}, {"mermaid", ""}} {
		if path := r.Artifacts[p.kind]; path != "" {
			files = append(files, path+p.hint)
		}
	}
	if len(files) == 0 {
		return nil
	}
	return list("pictures", files)
}
