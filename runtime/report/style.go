package report

import (
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"
)

// A style is how the elements of a class look. Mail programs drop style sheets,
// or parts of them, so a mail repeats the light style at every element; a page
// has both in its style sheet.
type style struct {
	class string
	light string
	dark  string // what differs when the reader prefers dark colours
	phone string // what differs on a narrow screen
}

const (
	sans = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
	mono = "font-family:ui-monospace,Menlo,Consolas,'Liberation Mono',monospace;"
	wrap = "overflow-wrap:anywhere;word-break:break-word;"
)

// styles are those of everything that a view consists of. Text has a contrast of
// at least 4.5:1 with what is behind it, light and dark.
var styles = []style{
	{class: "shell", light: "margin:0;padding:0;background:#eef1f5;" + sans, dark: "background:#10151c"},
	{class: "space", light: "padding:20px 10px;", phone: "padding:8px 0"},
	{class: "card", light: "width:100%;max-width:720px;background:#ffffff;border:1px solid #d5dbe3;border-radius:8px;border-collapse:separate;", dark: "background:#18202a;border-color:#334050"},
	{class: "inner", light: "padding:20px 24px;text-align:left;" + sans + wrap, phone: "padding:16px 14px"},
	{class: "hide", light: "display:none;max-height:0;overflow:hidden;font-size:1px;line-height:1px;color:#eef1f5;", dark: "color:#10151c"},

	{class: "brand", light: "margin:0 0 10px;font-size:13px;line-height:20px;color:#526070;", dark: "color:#a3afbd"},
	{class: "pill", light: "display:inline-block;padding:2px 10px;border-radius:10px;font-size:12px;line-height:18px;font-weight:bold;color:#ffffff;"},
	{class: "maker", light: "padding:0 0 0 6px;"},
	{class: "critical", light: "background:#8f1534;"},
	{class: "high", light: "background:#b03a0a;"},
	{class: "medium", light: "background:#7d5a00;"},
	{class: "low", light: "background:#1d5c9e;"},
	{class: "info", light: "background:#526070;"},
	{class: "unrated", light: "background:#526070;"},

	{class: "title", light: "margin:0 0 10px;font-size:22px;line-height:28px;font-weight:bold;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "intro", light: "margin:0 0 10px;font-size:15px;line-height:22px;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "act", light: "margin:14px 0 0;"},
	{class: "button", light: "display:inline-block;padding:8px 16px;border-radius:6px;background:#0b5cad;color:#ffffff;font-size:14px;line-height:20px;font-weight:bold;text-decoration:none;"},

	{class: "section", light: "margin:24px 0 0;padding:16px 0 0;border-top:1px solid #d5dbe3;", dark: "border-color:#334050"},
	{class: "h2", light: "margin:0 0 8px;font-size:17px;line-height:24px;font-weight:bold;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "h3", light: "margin:16px 0 4px;font-size:14px;line-height:20px;font-weight:bold;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "prose", light: "margin:0 0 8px;font-size:14px;line-height:21px;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "note", light: "margin:4px 0 0;font-size:13px;line-height:19px;color:#526070;", dark: "color:#a3afbd"},
	{class: "copy", light: "margin:12px 0 4px;font-size:13px;line-height:19px;color:#526070;", dark: "color:#a3afbd"},
	{class: "list", light: "margin:0 0 8px;padding:0 0 0 20px;font-size:14px;line-height:21px;color:#1c2430;", dark: "color:#e4e9f0"},
	{class: "link", light: "color:#0b5cad;text-decoration:underline;", dark: "color:#7db7ff"},

	{class: "rows", light: "width:100%;border-collapse:collapse;table-layout:fixed;margin:0 0 4px;"},
	{class: "name", light: "width:31%;padding:5px 12px 5px 0;border-bottom:1px solid #e6eaef;text-align:left;font-size:13px;line-height:19px;font-weight:normal;color:#526070;", dark: "color:#a3afbd;border-color:#28323e"},
	{class: "value", light: "padding:5px 0;border-bottom:1px solid #e6eaef;font-size:14px;line-height:19px;color:#1c2430;", dark: "color:#e4e9f0;border-color:#28323e"},
	{class: "over", phone: "display:block;width:auto;padding:6px 0 0;border:0"},
	{class: "under", phone: "display:block;width:auto;padding:0 0 6px"},
	{class: "code", light: mono + "font-size:12px;"},
	{class: "box", light: "margin:0;padding:8px 10px;border-radius:6px;background:#f2f5f8;color:#1c2430;font-size:12px;line-height:18px;white-space:pre-wrap;" + mono, dark: "background:#10151c;color:#e4e9f0"},
	{class: "what", light: "font-weight:bold;"},
	{class: "dim", light: "font-size:13px;color:#526070;", dark: "color:#a3afbd"},
	{class: "this", light: "font-size:12px;font-weight:bold;color:#0b5cad;", dark: "color:#7db7ff"},

	{class: "footer", light: "margin:24px 0 0;padding:12px 0 0;border-top:1px solid #d5dbe3;font-size:12px;line-height:18px;color:#526070;", dark: "color:#a3afbd;border-color:#334050"},
}

// sheet writes the styles as a style sheet. all is for a page; without it, only
// what mails cannot say at their elements is written.
func sheet(all bool) string {
	var light, dark, phone strings.Builder
	for _, s := range styles {
		if all {
			fmt.Fprintf(&light, ".%s{%s}\n", s.class, strings.TrimSuffix(s.light, ";"))
		}
		for _, other := range []struct {
			to    *strings.Builder
			style string
		}{{&dark, s.dark}, {&phone, s.phone}} {
			if other.style != "" {
				fmt.Fprintf(other.to, ".%s{%s!important}\n", s.class, strings.ReplaceAll(other.style, ";", "!important;"))
			}
		}
	}
	return ":root{color-scheme:light dark}\n" + light.String() +
		"@media (prefers-color-scheme:dark){\n" + dark.String() + "}\n" +
		"@media (max-width:520px){\n" + phone.String() + "}\n"
}

//go:embed templates/*.html
var files embed.FS

//go:embed templates/page.css
var pageSheet string

// The style sheets of a mail and of a page.
var (
	mailStyle = template.CSS(sheet(false))
	pageStyle = template.CSS(sheet(true) + pageSheet)
)

// The templates are parsed when the first report is written: most processes write
// none.
var (
	mailTemplates = sync.OnceValue(func() *template.Template {
		return parse("templates/mail.html", func(classes ...string) template.HTMLAttr {
			var inline strings.Builder
			for _, class := range classes {
				inline.WriteString(known(class).light)
			}
			return template.HTMLAttr(fmt.Sprintf(`class="%s" style="%s"`, strings.Join(classes, " "), strings.TrimSuffix(inline.String(), ";")))
		})
	})
	pageTemplates = sync.OnceValue(func() *template.Template {
		return parse("templates/page.html", func(classes ...string) template.HTMLAttr {
			for _, class := range classes {
				known(class)
			}
			return template.HTMLAttr(fmt.Sprintf(`class="%s"`, strings.Join(classes, " ")))
		})
	})
)

// known returns the style of a class. Every class in a template has one.
func known(class string) style {
	i := slices.IndexFunc(styles, func(s style) bool { return s.class == class })
	if i < 0 {
		panic("there is no style " + class)
	}
	return styles[i]
}

// parse reads the templates of views and those of one way to show them. look is
// their function for the attributes of an element.
func parse(file string, look func(classes ...string) template.HTMLAttr) *template.Template {
	functions := template.FuncMap{"look": look, "thousands": thousands}
	return template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/view.html", file))
}
