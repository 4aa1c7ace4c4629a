package bucket

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A failure is an error of S3 in the words of the one who has to mend it.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// clarify says what an error of a request means. needed are the rights without
// which it is refused.
func clarify(err error, bucket, needed string) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	said := api.ErrorCode()
	if message := api.ErrorMessage(); message != "" {
		said += ": " + message
	}
	text := said
	switch api.ErrorCode() {
	case "NoSuchBucket":
		text = "there is no bucket " + bucket
	case "NoSuchKey", "NotFound":
		text = "there is no such object"
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		text = fmt.Sprintf("access denied: the AWS credentials in use need %s (%s)", needed, said)
	case "ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "TokenRefreshRequired", "RequestTimeTooSkewed":
		text = fmt.Sprintf("the AWS credentials in use are refused (%s)", said)
	case "InvalidObjectState":
		text = fmt.Sprintf("the object is archived: restore it first (%s)", said)
	case "PreconditionFailed":
		text = "the object was replaced while it was read"
	}
	return &failure{text, err}
}

// refused reports whether S3 has said no, so that asking again is of no use: an
// answer of 4xx.
func refused(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode()/100 == 4
}

// redirection returns the region that S3 sends a call to, and "" if it does not.
func redirection(err error) string {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || response.Response == nil {
		return ""
	}
	api, ok := errors.AsType[smithy.APIError](err)
	malformed := ok && api.ErrorCode() == "AuthorizationHeaderMalformed" // signed for another region
	if response.HTTPStatusCode() != http.StatusMovedPermanently && !malformed {
		return ""
	}
	return response.Response.Header.Get("X-Amz-Bucket-Region")
}
