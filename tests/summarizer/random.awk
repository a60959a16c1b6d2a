# SPDX-License-Identifier: Apache-2.0
# awk -v version=V -v seed=S -f random.awk: the text of an archive for mkarchive with metrics of every type, instance domains
# that change as a whole and by deltas, failed samples, marks, volumes and steps of any length, all at random.
function pick(n) { return int(rand() * n) }
function digits(n,   s) { for (s = 1 + pick(9); length(s) < n;) s = s pick(10); return s }
function value(t) {
	if (t == "32") return (rand() < .5 ? "-" : "") digits(1 + pick(9))
	if (t == "u32") return digits(1 + pick(9))
	if (t == "64") return (rand() < .5 ? "-" : "") digits(1 + pick(18))
	if (t == "u64") return rand() < .1 ? "18446744073709551615" : digits(1 + pick(19))
	if (t == "string") return substr("a~text~of~some~length_and_more", 1, 1 + pick(30))
	return (rand() < .5 ? "-" : "") digits(1 + pick(8)) "." digits(1 + pick(6)) (t == "double" && rand() < .3 ? "e" (pick(300) - 150) : "")
}
function names(d,   i, s) {
	s = ""
	for (i = 0; i < 20; i++) {
		if ((there[d, i] = rand() < .7))
			s = s (s == "" ? "" : ", ") i "=inst" i (rand() < .2 ? "~" pick(5) : "")
	}
	gsub("~", " ", s)
	if (s == "") { there[d, 0] = 1; s = "0=inst0" }
	print "indom 70." d " " s
}
function change(d,   i, s) {
	s = ""
	for (i = 0; i < 20; i++) {
		if (rand() > .15) continue
		s = s (s == "" ? "" : ", ") (there[d, i] ? "-" i : i "=new" i)
		there[d, i] = !there[d, i]
	}
	if (s != "") print "delta 70." d " " s
}
function values(m,   i, s) {
	if (rand() < .05) return "error -12357"
	if (!domain[m]) return value(type[m])
	s = ""
	for (i = 0; i < 20; i++)
		if (there[domain[m], i] && rand() < .9) s = s " " i "=" value(type[m])
	return s
}
BEGIN {
	srand(seed)
	split("32 u32 64 u64 float double string", types, " ")
	split("counter instant discrete", semantics, " ")
	print "version " version "\nhost random" seed "\nstart 2026-01-01T00:00:00Z"
	n_metrics = 5 + pick(30)
	n_domains = 1 + pick(4)
	for (m = 1; m <= n_metrics; m++) {
		type[m] = types[1 + pick(7)]
		domain[m] = pick(n_domains + 1)
		print "metric r.m" m " 70.0." m " " type[m] " " (domain[m] ? "70." domain[m] : "-") " " semantics[1 + pick(3)]
	}
	for (d = 1; d <= n_domains; d++) names(d)
	for (k = 0; k < 150; k++) {
		if (k && rand() < .05) { printf "mark %.6f\n", at + 0.5; at += 1 }
		if (k && rand() < .05) print "volume"
		if (k && rand() < .2) {
			if (version == 3 && rand() < .7) change(1 + pick(n_domains))
			else names(1 + pick(n_domains))
		}
		printf "at %.6f\n", at
		for (m = 1; m <= n_metrics; m++) if (rand() < .8) print "r.m" m " " values(m)
		at += rand() < .1 ? 0.000001 : 1 + pick(600)
	}
}
