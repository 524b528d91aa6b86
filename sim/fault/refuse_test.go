package fault

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	formReason   = "a statement begins with at TIME, from TIME to TIME, every TIME or on EVENT, as in: at 10s kill leader"
	eventReason  = "an event is a node and what happens there, as in zk2:txnlog.fsync#6, zk3.NEWLEADER or c1.create#1"
	actionReason = "say what is to happen: crash, kill, start, stop, pause, resume, net, flap, swizzle, partition, maxconn, heal, clock, disk or client"
	countReason  = "this is a whole number from 1 on"
	ratioReason  = "a probability is two whole numbers like 1/20, or a whole percentage like 5%"
	nodesReason  = "say whom it hits: names like zk1,zk3, or leader, followers, observers, one, minority, majority, minority-third, primaries or all"
	commaReason  = "a name is missing beside the comma; names are joined without blanks, as in zk1,zk3"
	clientReason = "this is a client, and only servers can stand here"
	netReason    = "say what happens between the nodes: netem, blackhole, refuse, reset, noreset, clog, clear, sndbuf or checksum"
	later        = " is not part of this version"
	diskHas      = ", which has latency, hang, error or clear"
)

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]SyntaxError{
		// When.
		"":                              {0, "", 1, formReason},
		"  # nothing":                   {0, "", 1, formReason},
		"kill leader":                   {0, "kill", 1, formReason},
		"ä 5s kill leader":              {0, "ä", 1, formReason},
		"transport datagram":            {0, "transport", 1, "transport" + later},
		"at":                            {0, "", 3, "a time is missing, as in 10s or 1m30s"},
		"at 10 kill leader":             {0, "10", 4, "a time needs its unit, as in 10s"},
		"at 0 kill leader":              {0, "0", 4, "a time needs its unit, as in 0s"},
		"at 1. kill leader":             {0, "1.", 4, "a time needs its unit, as in 1s"},
		"at -5s kill leader":            {0, "-5s", 4, "a time cannot be negative"},
		"at +5s kill leader":            {0, "+5s", 4, noTime},
		"at 5z kill leader":             {0, "5z", 4, noTime},
		"at 99999999h kill leader":      {0, "99999999h", 4, noTime},
		"at 5s for 0s kill leader":      {0, "0s", 11, "a fault must last longer than nothing"},
		"at 5s for kill leader":         {0, "kill", 11, noTime},
		"from 5s kill leader":           {0, "kill", 9, "after from TIME comes to TIME"},
		"from 5s to":                    {0, "", 11, "a time is missing, as in 10s or 1m30s"},
		"from 5s to 5s kill leader":     {0, "5s", 12, "a fault must end after it begins, at 5s"},
		"from 1m to 5s kill leader":     {0, "5s", 12, "a fault must end after it begins, at 1m"},
		"from x to 5s kill leader":      {0, "x", 6, noTime},
		"every 0s kill leader":          {0, "0s", 7, "an interval must last longer than nothing"},
		"every 1s p=2/1 kill zk1":       {0, "2/1", 12, "a probability lies between 0 and 1"},
		"every 1s p=0/0 kill zk1":       {0, "0/0", 12, "a probability lies between 0 and 1"},
		"every 1s p=101% kill zk1":      {0, "101%", 12, "a probability lies between 0 and 1"},
		"every 1s p=.5 kill zk1":        {0, ".5", 12, ratioReason},
		"every 1s p=1.5% kill zk1":      {0, "1.5%", 12, ratioReason},
		"every 1s p=-1/2 kill zk1":      {0, "-1/2", 12, ratioReason},
		"every 1s p= kill zk1":          {0, "", 12, ratioReason},
		"every 1s p=1/2/3 kill zk1":     {0, "1/2/3", 12, ratioReason},
		"every 1s for 2s kill zk1":      {0, "for", 10, actionReason},
		"on":                            {0, "", 3, "an event is missing, as in zk2:txnlog.fsync#6, zk3.NEWLEADER or c1.create#1"},
		"on zk1 kill zk1":               {0, "zk1", 4, eventReason},
		"on .fsync kill zk1":            {0, "", 4, noName},
		"on zk1.jump kill zk1":          {0, "jump", 8, "at a server happen open, create, read, write, fsync, rename, truncate, remove or list, or a message such as PROPOSAL, NEWLEADER or NOTIFICATION is handled"},
		"on zk1.getData kill zk1":       {0, "getData", 8, "at a server happen open, create, read, write, fsync, rename, truncate, remove or list, or a message such as PROPOSAL, NEWLEADER or NOTIFICATION is handled"},
		"on zk1:txnlog.ACK kill zk1":    {0, "txnlog", 8, "only operations on files have a class"},
		"on zk1:log.fsync kill zk1":     {0, "log", 8, "files are of the class all, txnlog, snapshot, epoch or config"},
		"on zk1.fsync#0 kill zk1":       {0, "0", 14, countReason},
		"on zk1.fsync# kill zk1":        {0, "", 14, countReason},
		"on zk1.fsync#+1 kill zk1":      {0, "+1", 14, countReason},
		"on c1.fsync kill zk1":          {0, "fsync", 7, "a client sends requests such as create, setData, getData, multi or sync"},
		"on c1:txnlog.create kill zk1":  {0, "txnlog", 7, "clients have no files"},
		"on leader.fsync kill zk1":      {0, "leader", 4, "events are counted at one node; name it, as in zk2 or c1"},
		"on server1.fsync kill zk1":     {0, "server1", 4, noName},
		"on zk1.fsync during kill zk1":  {0, "during", 14, actionReason},
		"on zk1.fsync for 1s crash zk1": {0, "for", 14, actionReason},
		"at 5s":                         {0, "", 6, actionReason},
		"at 5s murder leader":           {0, "murder", 7, actionReason},
		"at 5s ärger leader":            {0, "ärger", 7, actionReason},
		"at 5s probe zk1 ruok every 1s": {0, "probe", 7, "probe" + later + ", which has" + actionReason[len("say what is to happen:"):]},
		"at 5s ipsec":                   {0, "ipsec", 7, "ipsec" + later + ", which has" + actionReason[len("say what is to happen:"):]},

		// Nodes.
		"at 5s kill":              {0, "", 11, nodesReason},
		"at 5s kill # zk1":        {0, "", 11, nodesReason},
		"at 5s kill zk1,":         {0, "zk1,", 12, commaReason},
		"at 5s kill ,zk1":         {0, ",zk1", 12, commaReason},
		"at 5s kill zk1,leader":   {0, "leader", 16, "leader stands alone and is not part of a list"},
		"at 5s kill zk1,zk2,zk1":  {0, "zk1", 20, "zk1 is named twice"},
		"at 5s kill 7":            {0, "7", 12, noName},
		"at 5s kill zk01":         {0, "zk01", 12, noName},
		"at 5s kill zk0":          {0, "zk0", 12, noName},
		"at 5s kill zk":           {0, "zk", 12, noName},
		"at 5s kill zk1,é,zk3":    {0, "é", 16, noName},
		"at 5s kill zk3000000000": {0, "zk3000000000", 12, noName},
		"at 5s kill zk1#again":    {0, "zk1#again", 12, noName},
		"at 5s kill c1":           {0, "c1", 12, clientReason},
		"at 5s crash zk1,c1":      {0, "c1", 17, clientReason},
		"at 5s maxconn c1 3":      {0, "c1", 15, clientReason},
		"at 5s clock c1 reset":    {0, "c1", 13, clientReason},
		"at 5s disk c1 hang":      {0, "c1", 12, clientReason},

		// Processes.
		"at 5s kill zk1 subset":            {0, "subset", 16, "nothing may follow here"},
		"at 5s crash zk1 sometimes":        {0, "sometimes", 17, "after the nodes of a crash comes nothing, or what is left on the disk: lose-unsynced, keep-all or subset"},
		"at 5s crash zk1 torn-op":          {0, "torn-op", 17, "torn-op" + later + ", which has lose-unsynced, keep-all or subset"},
		"at 5s crash zk1 torn-seq":         {0, "torn-seq", 17, "torn-seq" + later + ", which has lose-unsynced, keep-all or subset"},
		"at 5s crash zk1 corrupt-inflight": {0, "corrupt-inflight", 17, "corrupt-inflight" + later + ", which has lose-unsynced, keep-all or subset"},
		"at 5s crash zk1 subset more":      {0, "more", 24, "nothing may follow here"},
		"at 5s for 1s start zk1":           {0, "start", 14, "this happens once and cannot be undone: leave out its end, as in: at 5s start"},
		"from 5s to 6s resume zk1":         {0, "resume", 15, "this happens once and cannot be undone: leave out its end, as in: at 5s resume"},
		"at 5s for 1s heal":                {0, "heal", 14, "this happens once and cannot be undone: leave out its end, as in: at 5s heal"},
		"at 5s pause zk1:":                 {0, "", 17, "a stage is election, prep, propose, log, commit, final, sender or receiver"},
		"at 5s pause zk1:sync":             {0, "sync", 17, "a stage is election, prep, propose, log, commit, final, sender or receiver"},
		"at 5s pause zk1:log/zk2":          {0, "zk2", 21, "there is one stage log for all peers; only sender and receiver are one for each"},
		"at 5s pause zk1:sender/":          {0, "", 24, noName},
		"at 5s pause zk1:sender/one":       {0, "one", 24, noName},
		"at 5s resume zk1:log":             {0, "zk1:log", 14, noName},

		// The network.
		"at 5s net leader one clog":              {0, "one", 18, "between the two sides of net comes -> or <->, with blanks around it"},
		"at 5s net zk1->zk2 clog":                {0, "zk1->zk2", 11, noName},
		"at 5s net zk1 <- zk2 clog":              {0, "<-", 15, "between the two sides of net comes -> or <->, with blanks around it"},
		"at 5s net zk1 ->":                       {0, "", 17, nodesReason},
		"at 5s net zk1 -> zk2":                   {0, "", 21, netReason},
		"at 5s net zk1 -> zk2 slow":              {0, "slow", 22, netReason},
		"at 5s net zk1 -> zk2 ipsec rekey=1s":    {0, "ipsec", 22, "ipsec" + later + ", which has" + netReason[len("say what happens between the nodes:"):]},
		"at 5s net zk1 -> zk2 gso on":            {0, "gso", 22, "gso" + later + ", which has" + netReason[len("say what happens between the nodes:"):]},
		"at 5s net zk1 -> zk2 clog now":          {0, "now", 27, "nothing may follow here"},
		"at 5s net zk1 -> zk2 sndbuf":            {0, "", 28, "this is no size; write it like 4096, 64k or 1mb"},
		"at 5s net zk1 -> zk2 sndbuf 0":          {0, "0", 29, "a buffer has room for at least one byte"},
		"at 5s net zk1 -> zk2 sndbuf 3g":         {0, "3g", 29, "this size is too large; at most 2147483647 bytes are"},
		"at 5s net zk1 -> zk2 checksum":          {0, "", 30, "this is on or off"},
		"at 5s net zk1 -> zk2 checksum no":       {0, "no", 31, "this is on or off"},
		"at 5s net zk1 -> zk2 netem delay 1m":    {0, "1m", 34, "this is no time; write it like 100ms, .5s or 20us, the unit joined to the number: s, ms, us or ns"},
		"at 5s net zk1 -> zk2 netem delay":       {0, "", 33, "delay needs a time, as in delay 100ms"},
		"at 5s net zk1 -> zk2 netem rate 1mbit":  {0, "rate", 28, "rate is not part of this version, which has delay, jitter and loss"},
		"at 5s net zk1 -> zk2 tc qdisc add rate": {0, "rate", 35, "the discipline is netem here; before it come dev NAME, root, parent ID and handle ID only"},
		"at 5s for 1s net zk1 -> zk2 reset":      {0, "reset", 29, "this happens once and cannot be undone: leave out its end, as in: at 5s net"},
		"at 5s for 1s net zk1 -> zk2 clear":      {0, "clear", 29, "this happens once and cannot be undone: leave out its end, as in: at 5s net"},
		"at 5s flap zk1 1s":                      {0, "", 18, "a time is missing, as in 10s or 1m30s"},
		"at 5s flap zk1 0s 1s":                   {0, "0s", 16, "the time without network must last longer than nothing"},
		"at 5s flap zk1 1s 0s":                   {0, "0s", 19, "the time with network must last longer than nothing"},
		"at 5s swizzle all 0s":                   {0, "0s", 19, "a swizzle must last longer than nothing"},
		"at 5s partition":                        {0, "", 16, "a partition is groups like {zk1} | {zk2 zk3}, or a shape: one, majority, minority-third, majorities-ring, bridge or primaries"},
		"at 5s partition leader":                 {0, "leader", 17, "a partition is groups like {zk1} | {zk2 zk3}, or a shape: one, majority, minority-third, majorities-ring, bridge or primaries"},
		"at 5s partition {zk1}":                  {0, "", 22, "a partition has two groups or more, as in {zk1} | {zk2 zk3}"},
		"at 5s partition {zk1} {zk2}":            {0, "{", 23, "a partition has two groups or more, as in {zk1} | {zk2 zk3}"},
		"at 5s partition {zk1} |":                {0, "", 24, "after the bar comes another group, as in {zk1} | {zk2 zk3}"},
		"at 5s partition {zk1}|zk2":              {0, "zk2", 23, "after the bar comes another group, as in {zk1} | {zk2 zk3}"},
		"at 5s partition {zk1} | {}":             {0, "{", 25, "a group is not empty"},
		"at 5s partition {zk1 | {zk2}":           {0, "|", 22, "the group is not closed; write it like {zk2 zk3}"},
		"at 5s partition {zk1} | {zk2":           {0, "", 29, "the group is not closed; write it like {zk2 zk3}"},
		"at 5s partition {leader} | {zk2}":       {0, "leader", 18, noName},
		"at 5s partition {zk1 zk1} | {zk2}":      {0, "zk1", 22, "zk1 is named twice"},
		"at 5s partition {zk1} | {zk2,é}":        {0, "é", 30, noName},
		"at 5s partition {zk1} | {zk2} zk3":      {0, "zk3", 31, "nothing may follow here"},
		"at 5s maxconn all":                      {0, "", 18, countReason},
		"at 5s maxconn all 0":                    {0, "0", 19, countReason},
		"at 5s maxconn all 99999999999999999999": {0, "99999999999999999999", 19, countReason},
		"at 5s heal all":                         {0, "all", 12, "nothing may follow here"},

		// Clocks.
		"at 5s clock zk1":                    {0, "", 16, "say what happens to the clock: offset, step, drift, strobe or reset"},
		"at 5s clock zk1 skew 1s":            {0, "skew", 17, "say what happens to the clock: offset, step, drift, strobe or reset"},
		"at 5s clock zk1 offset +3":          {0, "+3", 24, "a time needs its unit, as in +3s"},
		"at 5s clock zk1 step soon":          {0, "soon", 22, noTime},
		"at 5s clock zk1 step":               {0, "", 21, "a time is missing, as in 10s or 1m30s"},
		"at 5s clock zk1 drift +1000001 ppm": {0, "+1000001", 23, "a drift lies between -1000000 and +1000000 ppm"},
		"at 5s clock zk1 drift -1000001 ppm": {0, "-1000001", 23, "a drift lies between -1000000 and +1000000 ppm"},
		"at 5s clock zk1 drift .5 ppm":       {0, ".5", 23, "a drift is a whole number of millionths, as in +200 ppm"},
		"at 5s clock zk1 drift 200ppm":       {0, "200ppm", 23, "a drift is a whole number of millionths, as in +200 ppm"},
		"at 5s clock zk1 drift 200":          {0, "", 26, "after the number of a drift comes ppm"},
		"at 5s clock zk1 strobe 0s 1s":       {0, "0s", 24, "a strobe's step must last longer than nothing"},
		"at 5s clock zk1 strobe 1s 0s":       {0, "0s", 27, "a strobe's period must last longer than nothing"},
		"at 5s clock zk1 strobe -1s 1s":      {0, "-1s", 24, "a time cannot be negative"},
		"at 5s for 1s clock zk1 reset":       {0, "reset", 24, "this happens once and cannot be undone: leave out its end, as in: at 5s clock"},

		// Disks.
		"at 5s disk zk1":                              {0, "", 15, "say what happens to the disk: latency, hang, error or clear"},
		"at 5s disk zk1:log hang":                     {0, "log", 16, "files are of the class all, txnlog, snapshot, epoch or config"},
		"at 5s disk zk1: hang":                        {0, "", 16, "files are of the class all, txnlog, snapshot, epoch or config"},
		"at 5s disk zk1 latency":                      {0, "", 23, "a time is missing, as in 10s or 1m30s"},
		"at 5s disk zk1 latency 20":                   {0, "20", 24, "a time needs its unit, as in 20s"},
		"at 5s disk zk1 latency 20ms 5":               {0, "5", 29, "a time needs its unit, as in 5s"},
		"at 5s disk zk1 latency 20ms 5ms 25%":         {0, "25%", 33, "correlation is not part of this version; leave the percentage out"},
		"at 5s disk zk1 latency 2s 1s distribution x": {0, "distribution", 30, "distribution is not part of this version, which has latency TIME [JITTER]"},
		"at 5s disk zk1 error":                        {0, "", 21, "say which error: EIO, ENOSPC, EROFS, EDQUOT, EMFILE or EINTR"},
		"at 5s disk zk1 error EPERM":                  {0, "EPERM", 22, "say which error: EIO, ENOSPC, EROFS, EDQUOT, EMFILE or EINTR"},
		"at 5s disk zk1 hang now":                     {0, "now", 21, noFilter},
		"at 5s disk zk1 hang speed=1":                 {0, "speed=1", 21, noFilter},
		"at 5s disk zk1 hang ops=":                    {0, "", 25, "operations are open, create, read, write, fsync, rename, truncate, remove or list, joined by commas"},
		"at 5s disk zk1 hang ops=read,jump":           {0, "jump", 30, "operations are open, create, read, write, fsync, rename, truncate, remove or list, joined by commas"},
		"at 5s disk zk1 hang ops=read,read":           {0, "read", 30, "read is named twice"},
		"at 5s disk zk1 hang ops=read ops=list":       {0, "ops=list", 30, "ops is said twice"},
		"at 5s disk zk1 hang p=1/2 p=1/3":             {0, "p=1/3", 27, "p is said twice"},
		"at 5s disk zk1 hang n=1 n=1":                 {0, "n=1", 25, "n is said twice"},
		"at 5s disk zk1 hang path=a path=b":           {0, "path=b", 28, "path is said twice"},
		"at 5s disk zk1 hang p=3/2":                   {0, "3/2", 23, "a probability lies between 0 and 1"},
		"at 5s disk zk1 hang n=0":                     {0, "0", 23, countReason},
		"at 5s disk zk1 hang path=":                   {0, "", 26, "this is no pattern of file names; write it like log.* or snapshot.?00"},
		"at 5s disk zk1 hang path=[a":                 {0, "[a", 26, "this is no pattern of file names; write it like log.* or snapshot.?00"},
		"at 5s disk zk1 clear ops=read":               {0, "ops=read", 22, "nothing may follow here"},
		"at 5s for 1s disk zk1 clear":                 {0, "clear", 23, "this happens once and cannot be undone: leave out its end, as in: at 5s disk"},

		// Clients.
		"at 5s client":                      {0, "", 13, "say which client, by its name: c1, c2 and so on"},
		"at 5s client zk1 expire":           {0, "zk1", 14, "say which client, by its name: c1, c2 and so on"},
		"at 5s client c1,c2 expire":         {0, "c1,c2", 14, "say which client, by its name: c1, c2 and so on"},
		"at 5s client c1":                   {0, "", 16, "say what happens to the client: expire, cut, drop-reply or drop-request"},
		"at 5s client c1 crash":             {0, "crash", 17, "say what happens to the client: expire, cut, drop-reply or drop-request"},
		"at 5s client c1 cut c2":            {0, "c2", 21, clientReason},
		"at 5s client c1 expire zk1":        {0, "zk1", 24, "nothing may follow here"},
		"at 5s for 1s client c1 expire":     {0, "expire", 24, "this happens once and cannot be undone: leave out its end, as in: at 5s client"},
		"at 5s for 1s client c1 drop-reply": {0, "drop-reply", 24, "this happens once and cannot be undone: leave out its end, as in: at 5s client"},
	} {
		_, err := Parse(line)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, line)
		assert.Equal(t, want, *syntax, line)
		assert.Contains(t, err.Error(), want.Reason)
	}
}

// Every disk fault of the grammar that is not there is refused by its name.
func TestLaterDiskFaultsAreRefusedByName(t *testing.T) {
	for _, w := range laterDisks {
		_, err := Parse("at 1s disk zk1 " + w)
		assert.ErrorContains(t, err, `"`+w+`": `+w+later+diskHas)
	}
}

func TestParseFile(t *testing.T) {
	list, err := ParseFile("# two faults\n\nat 1s kill zk1\r\n   # more\n  every 2s kill leader # and again")
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "at 1s kill zk1", list[0].String())
	assert.Equal(t, "every 2s kill leader", list[1].String())
	list, err = ParseFile("")
	require.NoError(t, err)
	assert.Empty(t, list)

	_, err = ParseFile("at 1s kill zk1\n\n  at 2s kill\nat 3s nonsense")
	assert.EqualError(t, err, "fault statement, line 3 ends at column 13: "+nodesReason)
	_, err = ParseFile("# x\nat 3s nonsense")
	assert.EqualError(t, err, `fault statement, line 2, column 7, "nonsense": `+actionReason)
}

// A list of 100,000 names is refused before it costs anything.
func TestLongListsAreRefused(t *testing.T) {
	list := strings.Builder{}
	for i := range 100_000 {
		fmt.Fprintf(&list, ",c%d", i+1)
	}
	_, err := Parse("at 1s net " + list.String()[1:] + " -> zk1 clog")
	assert.ErrorContains(t, err, `"c2001": more than 2000 names are too many`)
	_, err = Parse("at 1s partition {" + list.String()[1:] + "} | {zk1}")
	assert.ErrorContains(t, err, `"c2001": more than 2000 names are too many`)
	_, err = Parse("at 1s partition {zk1}" + strings.Repeat("|{zk1}", 2000))
	assert.ErrorContains(t, err, "more than 2000 groups are too many")
	_, err = Parse("at 1s heal" + strings.Repeat(" x", 100_000))
	assert.ErrorContains(t, err, "nothing may follow here")
}

func TestNotes(t *testing.T) {
	_, notes, err := ParseNoted("at 1s net leader -> one netem de 500 loss 1%")
	require.NoError(t, err)
	assert.Equal(t, []Note{
		{"de", 31, "de is read as delay"},
		{"500", 34, "a time without unit counts µs; releases of tc from 6.9 on read ns"},
	}, notes)
}

func TestPrintsCanonically(t *testing.T) {
	for line, want := range map[string]string{
		"at 60s kill leader":                                    "at 1m kill leader",
		"at  3600s for 90s crash zk2  subset":                   "at 1h for 1m30s crash zk2 subset",
		"at 0.25s start zk1,zk2":                                "at 250ms start zk1,zk2",
		"from 1m to 100s kill zk1":                              "at 1m for 40s kill zk1",
		"every 60s p=35/100 kill zk1":                           "every 1m p=35% kill zk1",
		"every 60s p=007/20 kill zk1":                           "every 1m p=7/20 kill zk1",
		"on zk1:all.fsync#01 after kill zk1":                    "on zk1.fsync#1 kill zk1",
		"at 1s net zk1 -> zk2 tc qdisc add root netem lo 35":    "at 1s net zk1 -> zk2 netem loss 35%",
		"at 1s net zk1 <-> zk2 netem":                           "at 1s net zk1 <-> zk2 netem",
		"at 1s net zk1 -> zk2 sndbuf 1K":                        "at 1s net zk1 -> zk2 sndbuf 1024",
		"at 1s partition {zk1,zk2}|{ c1 }":                      "at 1s partition {zk1 zk2} | {c1}",
		"at 1s clock zk1 offset 90s":                            "at 1s clock zk1 offset +1m30s",
		"at 1s clock zk1 drift 5 ppm":                           "at 1s clock zk1 drift +5 ppm",
		"at 1s disk zk1:all latency 1e1ms path=a ops=list,open": "at 1s disk zk1 latency 10ms ops=open,list path=a",
		"at 1s pause zk1:receiver/c1":                           "at 1s pause zk1:receiver/c1",
		"at 1s client c1 cut zk2,zk1":                           "at 1s client c1 cut zk2,zk1",
	} {
		s, err := Parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, s.String())
	}
}
