# SPDX-License-Identifier: ISC
#
# The parts of `render` that work on lines; mode says which one runs.
#   head      a Markdown file -> "name TAB title TAB first paragraph as text"
#   doc       HTML from cmark (given twice: contents first) -> the body of a documentation page
#   index     the lines of `head` -> the body of the list of documentation
#   template  a body -> a page

function escape(s) {
	gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/"/, "\\&quot;", s)
	return s
}

# Text of a line of Markdown: no emphasis, no code marks, links by their words.
function plain(s) {
	gsub(/\]\([^)]*\)/, "", s); gsub(/[\[*`]/, "", s)
	return escape(s)
}

# The anchor of a heading, as code hosts make it: letters, digits and hyphens.
function slug(s) {
	gsub(/<[^>]*>/, "", s); gsub(/&[a-z]+;/, "", s)
	s = tolower(s); gsub(/[^a-z0-9 _-]/, "", s); gsub(/ /, "-", s)
	return s
}

function unique(s) {
	return used[s]++ ? s "-" (used[s] - 1) : s
}

# x with every `from` replaced by `to`, taken literally.
function replace(x, from, to,    at, result) {
	while ((at = index(x, from))) {
		result = result substr(x, 1, at - 1) to
		x = substr(x, at + length(from))
	}
	return result x
}

function file(path,    line, all) {
	while ((getline line <path) > 0) all = all line "\n"
	close(path)
	return all
}

# ---- head ----
mode == "head" {
	if (/^<!--/) next
	if (/^# /) title = plain(substr($0, 3))
	else if (/^[^#]/ && title != "" && !done) text = text (text == "" ? "" : " ") plain($0)
	else if (text != "") done = 1
}

# ---- doc ----
mode == "doc" && /^<!-- raw HTML omitted -->$/ { next }
mode == "doc" && FNR == NR {
	if (match($0, /^<h2>/)) {
		text = $0; gsub(/<\/?h2>/, "", text)
		contents = contents "<li><a href=\"#" slug(text) "\">" text "</a></li>\n"
	}
	next
}
mode == "doc" && !started {
	started = 1
	split("", used)
	print "<div class=\"doc\">"
	navigation()
	print "<main id=\"page\" class=\"text\">"
	# the file begins with its comment or its h1; both were dealt with or come next
}
mode == "doc" {
	if (match($0, /^<h[234]>/)) {
		level = substr($0, 3, 1)
		text = $0; sub(/^<h[234]>/, "", text); sub(/<\/h[234]>$/, "", text)
		id = unique(slug(text))
		print "<h" level " id=\"" id "\"><a href=\"#" id "\">" text "</a></h" level ">"
		next
	}
	if (/^<h1>/) {
		print
		if (contents != "")
			print "<nav class=\"contents\" aria-label=\"On this page\"><p>On this page</p>\n<ol>\n" contents "</ol></nav>"
		next
	}
	while (match($0, /href="[a-z0-9-]+\.md["#]/)) {
		link = substr($0, RSTART, RLENGTH); sub(/\.md/, ".html", link)
		$0 = substr($0, 1, RSTART - 1) link substr($0, RSTART + RLENGTH)
	}
	# The columns' names stand once, in the table's own tag, which is printed when they are known.
	if (/^<table>/) { in_head = 1; head = styles = ""; n_heads = 0; next }
	if (in_head) {
		if (/^<th[ >]/ && sub(/^<th/, "<th scope=\"col\"") && ++n_heads > 1) {
			text = $0; gsub(/<[^>]*>/, "", text); gsub(/'/, "\\\\'", text)
			styles = styles (styles == "" ? "" : ";") "--h" n_heads ":'" text "'"
		}
		head = head $0 "\n"
		if (!/^<\/thead>/) next
		if (n_heads > 6) { print "render: " name ".md: a table of more columns than style.css names" >"/dev/stderr"; failed = 1; exit 1 }
		printf "<div class=\"table\">\n<table style=\"%s\">\n%s", styles, head
		in_head = 0
		next
	}
	print
	if (/^<\/table>/) print "</div>"
}

function navigation(    line, part) {
	print "<nav class=\"docs\" aria-label=\"Documentation\">"
	print "<p><a href=\"index.html\">Documentation</a></p>\n<ul>"
	while ((getline line <list) > 0) {
		split(line, part, "\t")
		n_docs++; doc_name[n_docs] = part[1]; doc_title[n_docs] = part[2]
		if (part[1] == name) at_doc = n_docs
		print "<li><a href=\"" part[1] ".html\"" (part[1] == name ? " aria-current=\"page\"" : "") ">" part[2] "</a></li>"
	}
	print "</ul>\n</nav>"
}

function neighbours() {
	print "<nav class=\"neighbours\" aria-label=\"Before and after\">"
	if (at_doc > 1)
		print "<a rel=\"prev\" href=\"" doc_name[at_doc - 1] ".html\"><span>Before</span> " doc_title[at_doc - 1] "</a>"
	if (at_doc < n_docs)
		print "<a rel=\"next\" href=\"" doc_name[at_doc + 1] ".html\"><span>Next</span> " doc_title[at_doc + 1] "</a>"
	print "</nav>"
}

# ---- index ----
mode == "index" && FNR == 1 {
	print "<main id=\"page\" class=\"text\">\n<h1>Documentation</h1>"
	print "<p class=\"lead\">In the order in which a newcomer may want to read it. The same pages are plain text in the folder <code>doc/</code> of the source.</p>"
	print "<ol class=\"library\">"
}
mode == "index" {
	split($0, part, "\t")
	print "<li><a href=\"" part[1] ".html\">" part[2] "</a> <span>" part[3] "</span></li>"
}

# ---- template ----
# A figure that bench/RESULTS.md gives: a line <!-- figure: VALUE | WHAT | COMMAND -->. None there, none here.
function figures(    line, part, all) {
	if (results == "") return ""
	while ((getline line <results) > 0) {
		if (line !~ /^<!-- figure: .* -->$/) continue
		sub(/^<!-- figure: /, "", line); sub(/ -->$/, "", line)
		split(line, part, / *\| */)
		all = all "<div><dt>" escape(part[2]) "</dt><dd>" escape(part[1]) "</dd></div>\n"
		command = part[3]
	}
	close(results)
	if (all == "") return ""
	return "<section class=\"figures\" aria-label=\"Figures\">\n<dl>\n" all "</dl>\n<p>Measured by <code>" escape(command) \
		"</code>; the whole table, with the machine and what each figure is compared to, is <code>bench/RESULTS.md</code>.</p>\n</section>\n"
}

mode == "template" {
	if (match($0, /^<!-- drawing [a-z-]+ -->$/)) {
		name = $3
		svg = file(drawings "/" name ".svg")
		if (svg == "") { print "render: no drawing " name >"/dev/stderr"; failed = 1; exit 1 }
		body = body svg
	} else if ($0 == "<!-- figures -->") body = body figures()
	else body = body $0 "\n"
}

END {
	if (failed) exit 1
	if (mode == "head") print name "\t" title "\t" text
	if (mode == "doc") { neighbours(); print "</main>\n</div>" }
	if (mode == "index") print "</ol>\n</main>"
	if (mode != "template") exit
	page = file(template)
	page = replace(page, "@TITLE@", title) # title and description are HTML already
	page = replace(page, "@DESCRIPTION@", description)
	page = replace(page, "@CLASS@", class)
	page = replace(page, "@HERE_" section "@", " aria-current=\"" (class == "page-doc" ? "true" : "page") "\"")
	gsub(/@HERE_[a-z]*@/, "", page)
	page = replace(page, "@ROOT@", root)
	printf "%s", replace(page, "@BODY@", substr(body, 1, length(body) - 1))
}
