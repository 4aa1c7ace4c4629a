package ses

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/trailalerts/trailalerts/runtime/e2e/contract"
)

// TestContract holds the SES of these tests, and another one on demand, against
// what is known of SES.
func TestContract(t *testing.T) {
	t.Run("this server", func(t *testing.T) {
		client := serve(t, func(w http.ResponseWriter, r request) {
			if reason := refusal(r); reason != "" {
				refuse(w, http.StatusBadRequest, "BadRequestException", reason)
				return
			}
			io.WriteString(w, `{"MessageId":"m-1"}`)
		})
		contract.Run(t, checks(t, client), nil)
	})
	t.Run("other server", func(t *testing.T) {
		client := sesv2.New(sesv2.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(contract.OtherServer(t, "SES")), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
		})
		const unchecked = "aws-ses-v2-local reads only the sender of a raw mail."
		contract.Run(t, checks(t, client), map[string]string{
			"A mail goes to somebody.":                        unchecked,
			"A mail has no more than 50 recipients.":          unchecked,
			"Those of all fields count.":                      unchecked,
			"An address is one.":                              unchecked,
			"An address is ASCII.":                            unchecked,
			"The sender is an address.":                       unchecked,
			"A header stands once.":                           unchecked,
			"A line has no more than 998 characters.":         unchecked,
			"A line ends with both characters of a line end.": unchecked,
			"A mail is of 7 bits.":                            unchecked,
		})
	})
}

func checks(t *testing.T, client *sesv2.Client) []contract.Check {
	const header = "From: a@example.com\r\nTo: b@example.com\r\nSubject: S\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
	send := func(change func(*sesv2.SendEmailInput)) func() error {
		return func() error {
			in := &sesv2.SendEmailInput{
				FromEmailAddress: aws.String("a@example.com"), Destination: &types.Destination{ToAddresses: []string{"b@example.com"}},
				Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(header + "\r\ntext\r\n")}},
			}
			change(in)
			_, err := client.SendEmail(t.Context(), in)
			return err
		}
	}
	to := func(addresses ...string) func() error {
		return send(func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = addresses })
	}
	raw := func(mail string) func() error {
		return send(func(in *sesv2.SendEmailInput) { in.Content.Raw.Data = []byte(mail) })
	}
	people := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("p%d@example.com", i)
		}
		return list
	}
	return []contract.Check{
		contract.Takes("A raw mail is taken.", raw(header+"\r\ntext\r\n")),
		contract.Refuses("A mail goes to somebody.", to()),
		contract.Takes("A mail may have 50 recipients.", to(people(50)...)),
		contract.Refuses("A mail has no more than 50 recipients.", to(people(51)...)),
		contract.Refuses("Those of all fields count.", send(func(in *sesv2.SendEmailInput) {
			in.Destination.CcAddresses, in.Destination.BccAddresses = people(25), people(25)
		})),
		contract.Takes("An address may have an encoded name.", to("=?utf-8?q?J=C3=BCrgen?= <j@example.org>")),
		contract.Refuses("An address is one.", to("nobody")),
		contract.Refuses("An address is ASCII.", to("jürgen@example.org")),
		contract.Refuses("The sender is an address.", send(func(in *sesv2.SendEmailInput) { in.FromEmailAddress = aws.String("nobody") })),
		contract.Refuses("A mail has headers.", raw("text")),
		contract.Refuses("A header stands once.", raw(header+"Subject: T\r\n\r\ntext\r\n")),
		contract.Takes("A line may have 998 characters.", raw(header+"\r\n"+strings.Repeat("x", 998)+"\r\n")),
		contract.Refuses("A line has no more than 998 characters.", raw(header+"\r\n"+strings.Repeat("x", 999)+"\r\n")),
		contract.Refuses("A line ends with both characters of a line end.", raw(header+"\r\none\ntwo\r\n")),
		contract.Refuses("A mail is of 7 bits.", raw(header+"\r\nSchl\u00fcssel\r\n")),
	}
}
