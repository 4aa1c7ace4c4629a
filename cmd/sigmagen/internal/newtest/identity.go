package newtest

import "strings"

// What documentation uses, and nobody has.
const (
	account    = "111122223333"
	userID     = "AIDACKCEVSQ6C2EXAMPLE"
	roleID     = "AROADBQP57FF2AEXAMPLE"
	userKey    = "AKIAIOSFODNN7EXAMPLE"
	sessionKey = "ASIAIOSFODNN7EXAMPLE"
	userName   = "mary.major"
	roleName   = "analytics-developer"
	created    = "2026-11-20T08:55:12Z"
)

// identity returns a userIdentity of a type as CloudTrail writes it. name is that of
// the user or the role.
func identity(kind, name string) *object {
	switch kind {
	case "Root":
		return fromMap(map[string]any{"type": kind, "principalId": account, "arn": "arn:aws:iam::" + account + ":root", "accountId": account})
	case "IAMUser":
		return fromMap(map[string]any{
			"type": kind, "principalId": userID, "arn": "arn:aws:iam::" + account + ":user/" + name,
			"accountId": account, "accessKeyId": userKey, "userName": name,
		})
	case "AssumedRole":
		return fromMap(map[string]any{
			"type": kind, "principalId": roleID + ":session", "arn": "arn:aws:sts::" + account + ":assumed-role/" + name + "/session",
			"accountId": account, "accessKeyId": sessionKey,
			"sessionContext": map[string]any{
				"sessionIssuer": map[string]any{
					"type": "Role", "principalId": roleID, "arn": "arn:aws:iam::" + account + ":role/" + name,
					"accountId": account, "userName": name,
				},
				"attributes": map[string]any{"creationDate": created, "mfaAuthenticated": "false"},
			},
		})
	case "AWSService":
		return fromMap(map[string]any{"type": kind, "invokedBy": "cloudformation.amazonaws.com"})
	default:
		return fromMap(map[string]any{"type": kind, "principalId": userID, "accountId": account})
	}
}

// identities returns what a userIdentity may be of which only some members are known,
// the likeliest first: those members stay.
func identities(known *object) []*object {
	user, role := known.text("userName"), known.text("sessionContext.sessionIssuer.userName")
	if _, rest, ok := strings.Cut(known.text("arn"), ":assumed-role/"); ok && role == "" {
		role, _, _ = strings.Cut(rest, "/")
	}
	if _, rest, ok := strings.Cut(known.text("arn"), ":user/"); ok && user == "" {
		user = rest
	}
	_, session := known.get("sessionContext")
	kinds := []string{"IAMUser", "AssumedRole", "Root"}
	switch {
	case known.text("type") != "":
		kinds = []string{known.text("type")}
	case role != "", session && user == "":
		kinds = []string{"AssumedRole", "IAMUser"}
	case strings.HasSuffix(known.text("arn"), ":root"):
		kinds = []string{"Root"}
	}
	var all []*object
	for _, kind := range kinds {
		name := map[string]string{"IAMUser": user, "AssumedRole": role}[kind]
		if name == "" {
			name = map[string]string{"IAMUser": userName, "AssumedRole": roleName}[kind]
		}
		whole := identity(kind, name)
		whole.overlay(known)
		all = append(all, whole)
	}
	return all
}

// overlay puts the members of another object over those of o.
func (o *object) overlay(other *object) {
	for _, m := range other.members {
		old, _ := o.get(m.name)
		below, isObject := old.(*object)
		above, areObjects := m.value.(*object)
		if isObject && areObjects {
			below.overlay(above)
		} else {
			o.put(m.name, copiedValue(m.value))
		}
	}
}
