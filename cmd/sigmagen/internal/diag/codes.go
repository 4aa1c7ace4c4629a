package diag

// Waivable lists the codes of the warnings about a rule, which the rule may waive.
// A test holds it against the sources of sigmagen.
var Waivable = []string{
	"condition/unused-search",
	"correlation/first",
	"correlation/logsource",
	"correlation/silences",
	"filter/no-not",
	"filter/unused-search",
	"metadata/date",
	"metadata/duplicate-id",
	"metadata/id",
	"metadata/level",
	"metadata/modified",
	"metadata/related",
	"metadata/unknown-key",
	"modifier/base64offset",
	"modifier/expand",
	"reach-iam-action",
	"reach-unknown-event",
	"reach-unknown-field",
	"reach-unknown-source",
	"reach-wrong-source",
	"reach-wrong-value",
	"value/ambiguous-number",
	"value/event-source",
	"value/field-case",
	"value/field-path",
}
