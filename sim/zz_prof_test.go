package sim_test
import ("testing";"github.com/zksim/zksim/sim")
func BenchmarkDefaultRun(b *testing.B){ b.ReportAllocs(); for i:=0;i<b.N;i++{ r,err:=sim.Run(sim.Config{Seed:uint64(i+1)}); if err!=nil||r.Verdict!=sim.VerdictOK{b.Fatal(err,r)}; b.ReportMetric(float64(r.Counts.Events),"events") } }
