package report

// The slugs of tactics, for the table below.
const (
	resource    = "resource-development"
	access      = "initial-access"
	execution   = "execution"
	persistence = "persistence"
	escalation  = "privilege-escalation"
	evasion     = "defense-evasion"
	credentials = "credential-access"
	discovery   = "discovery"
	lateral     = "lateral-movement"
	collection  = "collection"
	control     = "command-and-control"
	exfiltrate  = "exfiltration"
	impact      = "impact"
)

type techniqueFacts struct {
	name    shown
	tactics []string // of a technique; a sub-technique has those of its technique
}

func serves(name shown, tactics ...string) techniqueFacts { return techniqueFacts{name, tactics} }

// techniques are those of ATT&CK for enterprises that rules about CloudTrail
// name. A technique that is not here is shown by its number.
var techniques = map[string]techniqueFacts{
	"T1583":     serves("Acquire Infrastructure", resource),
	"T1584":     serves("Compromise Infrastructure", resource),
	"T1584.001": serves("Domains"),
	"T1585":     serves("Establish Accounts", resource),
	"T1585.003": serves("Cloud Accounts"),
	"T1586":     serves("Compromise Accounts", resource),
	"T1586.003": serves("Cloud Accounts"),
	"T1608":     serves("Stage Capabilities", resource),

	"T1078":     serves("Valid Accounts", access, persistence, escalation, evasion),
	"T1078.001": serves("Default Accounts"),
	"T1078.004": serves("Cloud Accounts"),
	"T1133":     serves("External Remote Services", access, persistence),
	"T1190":     serves("Exploit Public-Facing Application", access),
	"T1195":     serves("Supply Chain Compromise", access),
	"T1199":     serves("Trusted Relationship", access),
	"T1566":     serves("Phishing", access),

	"T1053":     serves("Scheduled Task/Job", execution, persistence, escalation),
	"T1053.007": serves("Container Orchestration Job"),
	"T1059":     serves("Command and Scripting Interpreter", execution),
	"T1059.009": serves("Cloud API"),
	"T1072":     serves("Software Deployment Tools", execution, lateral),
	"T1204":     serves("User Execution", execution),
	"T1204.003": serves("Malicious Image"),
	"T1609":     serves("Container Administration Command", execution),
	"T1610":     serves("Deploy Container", execution, evasion),
	"T1648":     serves("Serverless Execution", execution),
	"T1651":     serves("Cloud Administration Command", execution),

	"T1098":     serves("Account Manipulation", persistence, escalation),
	"T1098.001": serves("Additional Cloud Credentials"),
	"T1098.003": serves("Additional Cloud Roles"),
	"T1098.004": serves("SSH Authorized Keys"),
	"T1098.005": serves("Device Registration"),
	"T1098.006": serves("Additional Container Cluster Roles"),
	"T1136":     serves("Create Account", persistence),
	"T1136.003": serves("Cloud Account"),
	"T1505":     serves("Server Software Component", persistence),
	"T1525":     serves("Implant Internal Image", persistence),
	"T1546":     serves("Event Triggered Execution", persistence, escalation),
	"T1556":     serves("Modify Authentication Process", persistence, evasion, credentials),
	"T1556.006": serves("Multi-Factor Authentication"),
	"T1556.007": serves("Hybrid Identity"),
	"T1556.009": serves("Conditional Access Policies"),

	"T1068":     serves("Exploitation for Privilege Escalation", escalation),
	"T1484":     serves("Domain or Tenant Policy Modification", escalation, evasion),
	"T1484.002": serves("Trust Modification"),
	"T1548":     serves("Abuse Elevation Control Mechanism", escalation, evasion),
	"T1548.005": serves("Temporary Elevated Cloud Access"),
	"T1611":     serves("Escape to Host", escalation),

	"T1036":     serves("Masquerading", evasion),
	"T1070":     serves("Indicator Removal", evasion),
	"T1211":     serves("Exploitation for Defense Evasion", evasion),
	"T1222":     serves("File and Directory Permissions Modification", evasion),
	"T1535":     serves("Unused/Unsupported Cloud Regions", evasion),
	"T1550":     serves("Use Alternate Authentication Material", evasion, lateral),
	"T1550.001": serves("Application Access Token"),
	"T1550.004": serves("Web Session Cookie"),
	"T1562":     serves("Impair Defenses", evasion),
	"T1562.001": serves("Disable or Modify Tools"),
	"T1562.004": serves("Disable or Modify System Firewall"),
	"T1562.006": serves("Indicator Blocking"),
	"T1562.007": serves("Disable or Modify Cloud Firewall"),
	"T1562.008": serves("Disable or Modify Cloud Logs"),
	"T1564":     serves("Hide Artifacts", evasion),
	"T1578":     serves("Modify Cloud Compute Infrastructure", evasion),
	"T1578.001": serves("Create Snapshot"),
	"T1578.002": serves("Create Cloud Instance"),
	"T1578.003": serves("Delete Cloud Instance"),
	"T1578.004": serves("Revert Cloud Instance"),
	"T1578.005": serves("Modify Cloud Compute Configurations"),
	"T1599":     serves("Network Boundary Bridging", evasion),
	"T1666":     serves("Modify Cloud Resource Hierarchy", evasion),

	"T1040":     serves("Network Sniffing", credentials, discovery),
	"T1110":     serves("Brute Force", credentials),
	"T1110.001": serves("Password Guessing"),
	"T1110.003": serves("Password Spraying"),
	"T1110.004": serves("Credential Stuffing"),
	"T1528":     serves("Steal Application Access Token", credentials),
	"T1539":     serves("Steal Web Session Cookie", credentials),
	"T1552":     serves("Unsecured Credentials", credentials),
	"T1552.001": serves("Credentials In Files"),
	"T1552.004": serves("Private Keys"),
	"T1552.005": serves("Cloud Instance Metadata API"),
	"T1552.007": serves("Container API"),
	"T1555":     serves("Credentials from Password Stores", credentials),
	"T1555.006": serves("Cloud Secrets Management Stores"),
	"T1557":     serves("Adversary-in-the-Middle", credentials, collection),
	"T1606":     serves("Forge Web Credentials", credentials),
	"T1606.002": serves("SAML Tokens"),
	"T1621":     serves("Multi-Factor Authentication Request Generation", credentials),

	"T1016":     serves("System Network Configuration Discovery", discovery),
	"T1018":     serves("Remote System Discovery", discovery),
	"T1046":     serves("Network Service Discovery", discovery),
	"T1049":     serves("System Network Connections Discovery", discovery),
	"T1069":     serves("Permission Groups Discovery", discovery),
	"T1069.003": serves("Cloud Groups"),
	"T1082":     serves("System Information Discovery", discovery),
	"T1087":     serves("Account Discovery", discovery),
	"T1087.004": serves("Cloud Account"),
	"T1201":     serves("Password Policy Discovery", discovery),
	"T1518":     serves("Software Discovery", discovery),
	"T1518.001": serves("Security Software Discovery"),
	"T1526":     serves("Cloud Service Discovery", discovery),
	"T1538":     serves("Cloud Service Dashboard", discovery),
	"T1580":     serves("Cloud Infrastructure Discovery", discovery),
	"T1613":     serves("Container and Resource Discovery", discovery),
	"T1619":     serves("Cloud Storage Object Discovery", discovery),
	"T1654":     serves("Log Enumeration", discovery),

	"T1021":     serves("Remote Services", lateral),
	"T1021.004": serves("SSH"),
	"T1021.007": serves("Cloud Services"),
	"T1021.008": serves("Direct Cloud VM Connections"),
	"T1534":     serves("Internal Spearphishing", lateral),

	"T1074":     serves("Data Staged", collection),
	"T1074.002": serves("Remote Data Staging"),
	"T1114":     serves("Email Collection", collection),
	"T1119":     serves("Automated Collection", collection),
	"T1213":     serves("Data from Information Repositories", collection),
	"T1213.006": serves("Databases"),
	"T1530":     serves("Data from Cloud Storage", collection),

	"T1071": serves("Application Layer Protocol", control),
	"T1090": serves("Proxy", control),
	"T1102": serves("Web Service", control),
	"T1105": serves("Ingress Tool Transfer", control),
	"T1572": serves("Protocol Tunneling", control),

	"T1020":     serves("Automated Exfiltration", exfiltrate),
	"T1048":     serves("Exfiltration Over Alternative Protocol", exfiltrate),
	"T1537":     serves("Transfer Data to Cloud Account", exfiltrate),
	"T1567":     serves("Exfiltration Over Web Service", exfiltrate),
	"T1567.002": serves("Exfiltration to Cloud Storage"),

	"T1485":     serves("Data Destruction", impact),
	"T1485.001": serves("Lifecycle-Triggered Deletion"),
	"T1486":     serves("Data Encrypted for Impact", impact),
	"T1489":     serves("Service Stop", impact),
	"T1490":     serves("Inhibit System Recovery", impact),
	"T1491":     serves("Defacement", impact),
	"T1496":     serves("Resource Hijacking", impact),
	"T1496.001": serves("Compute Hijacking"),
	"T1496.002": serves("Bandwidth Hijacking"),
	"T1496.003": serves("SMS Pumping"),
	"T1496.004": serves("Cloud Service Hijacking"),
	"T1498":     serves("Network Denial of Service", impact),
	"T1499":     serves("Endpoint Denial of Service", impact),
	"T1531":     serves("Account Access Removal", impact),
	"T1565":     serves("Data Manipulation", impact),
	"T1657":     serves("Financial Theft", impact),
}
