using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security;

/// <summary>
/// A sound request for every operation, so that whoever is admitted gets an answer and not a complaint about the request. A new operation
/// that changes something adds a line to <see cref="Bodies"/>.
/// </summary>
internal static class MatrixRequests
{
    /// <summary>An operation that is admitted may still answer that a part is not there; the rest must succeed.</summary>
    public static readonly HashSet<string> MayMiss =
    [
        "GET /api/v1/datasets/{dataset}/deletion",
        "GET /api/v1/datasets/{dataset}/rounds/{arm}/{number}",
        "POST /api/v1/datasets/{dataset}/rounds/{arm}/{number}/end",
        "GET /api/v1/datasets/{dataset}/models/{arm}/{round}/onnx",
        "GET /api/v1/datasets/{dataset}/sources/{source}",
        "DELETE /api/v1/datasets/{dataset}/sources/{source}",
        "POST /api/v1/datasets/{dataset}/sources/{source}/sync",
        "POST /api/v1/datasets/{dataset}/sources/{source}/notification-path",
        "POST /api/v1/notifications/{token}",
        "POST /api/v1/set-aside/discard",
        "DELETE /api/v1/datasets/{dataset}/backbones/{backbone}",
        "POST /api/v1/datasets/{dataset}/machine-decisions/take-back",
    ];

    /// <summary>
    /// What an operation says to whoever is admitted when this server, which keeps its objects in files, cannot do it, or not now.
    /// </summary>
    public static readonly Dictionary<string, (HttpStatusCode Status, string Says)> MayRefuse = new()
    {
        ["GET /api/v1/datasets/{dataset}/images/{image}/url"] = (HttpStatusCode.NotImplemented, "keeps its objects in files"),
        ["POST /api/v1/datasets/{dataset}/uploads"] = (HttpStatusCode.NotImplemented, "keeps its objects in files"),
        ["POST /api/v1/datasets/{dataset}/uploads/complete"] = (HttpStatusCode.NotImplemented, "keeps its objects in files"),
        // Somebody before has started one.
        ["POST /api/v1/datasets/{dataset}/rounds"] = (HttpStatusCode.BadRequest, "has not ended"),
        ["POST /api/v1/datasets/{dataset}/backbones"] = (HttpStatusCode.BadRequest, "No backbone is called 'none-of-matrix'"),
        ["POST /api/v1/datasets/{dataset}/backbones/{backbone}/switch"] = (HttpStatusCode.BadRequest, "has no backbone 'none-of-matrix'"),
        ["POST /api/v1/datasets/{dataset}/schema"] = (HttpStatusCode.Conflict, "version 999 was to be changed"),
        ["DELETE /api/v1/session"] = (HttpStatusCode.BadRequest, "under no session"),
        ["POST /api/v1/datasets/{dataset}/sources"] = (HttpStatusCode.BadRequest, "There is no server 'of-the-matrix'"),
    };

    public static readonly Dictionary<string, string> Bodies = new()
    {
        ["POST /api/v1/datasets"] = """{"name":"made-by-matrix","schema":{"classes":[{"name":"disc"},{"name":"bars"}]}}""",
        ["POST /api/v1/datasets/{dataset}/images"] = "",
        ["POST /api/v1/datasets/{dataset}/versions"] = """{"note":"matrix"}""",
        ["POST /api/v1/datasets/{dataset}/rounds"] = """{"batchSize":5}""",
        ["POST /api/v1/datasets/{dataset}/policies"] = """{"promotion":"unless-worse"}""",
        ["POST /api/v1/datasets/{dataset}/schema"] =
            """{"from":999,"changes":[{"change":"recolour-class","class":"disc"}]}""",
        ["POST /api/v1/datasets/{dataset}/rounds/{arm}/{number}/end"] = "",
        ["POST /api/v1/datasets/{dataset}/backbones"] = """{"name":"none-of-matrix"}""",
        ["POST /api/v1/datasets/{dataset}/backbones/compare"] = "",
        ["POST /api/v1/datasets/{dataset}/backbones/{backbone}/switch"] = "",
        ["DELETE /api/v1/datasets/{dataset}/backbones/{backbone}"] = "",
        ["POST /api/v1/datasets/{dataset}/tasks/lease"] = """{"max":1,"waitMilliseconds":0}""",
        ["POST /api/v1/datasets/{dataset}/tasks/release"] = """["{image}"]""",
        ["POST /api/v1/datasets/{dataset}/tasks/renew"] = """["none"]""",
        ["POST /api/v1/datasets/{dataset}/tasks/priorities"] = "[]",
        ["POST /api/v1/datasets/{dataset}/decisions"] =
            """[{"image":"{image}","operationId":"11111111-1111-1111-1111-111111111111","decision":{"kind":"skip"},"lease":"none"}]""",
        ["POST /api/v1/datasets/{dataset}/prelabels"] = "[]",
        ["POST /api/v1/datasets/{dataset}/machine-decisions"] = "[]",
        ["POST /api/v1/datasets/{dataset}/machine-decisions/take-back"] = """{"reason":"matrix","run":"none-of-matrix"}""",
        ["POST /api/v1/datasets/{dataset}/uploads"] = """{"count":1}""",
        ["POST /api/v1/datasets/{dataset}/uploads/complete"] = """[{"id":"00112233445566778899aabbccddeeff","name":"disc/1.png"}]""",
        ["POST /api/v1/datasets/{dataset}/sources"] = """{"name":"nothing","bucket":"pictures","server":"of-the-matrix"}""",
        ["DELETE /api/v1/datasets/{dataset}/sources/{source}"] = "",
        ["POST /api/v1/datasets/{dataset}/sources/{source}/sync"] = "",
        ["POST /api/v1/datasets/{dataset}/sources/{source}/notification-path"] = "",
        ["POST /api/v1/notifications/{token}"] = """{"Records":[]}""",
        ["POST /api/v1/datasets/{dataset}/verify"] = "",
        ["POST /api/v1/restore"] = "",
        ["POST /api/v1/set-aside/discard"] = """{"kind":"dataset","name":"sound"}""",
        ["PUT /api/v1/me/preferences"] = """{"theme":"dark","keys":[{"act":"label.accept","key":"q"}]}""",
        ["POST /api/v1/session"] = "",
        ["DELETE /api/v1/session"] = "",
        ["POST /api/v1/keys"] = """{"principal":"service:made-by-matrix"}""",
        ["POST /api/v1/keys/{key}/revoke"] = "",
        ["POST /api/v1/access"] = """{"principal":"service:made-by-matrix","role":"viewer","expiresAt":"2999-01-01T00:00:00Z"}""",
        ["POST /api/v1/access/vet"] = """{"principal":"person:vetted-by-matrix","role":"viewer"}""",
        ["POST /api/v1/access/revoke"] = """{"principal":"service:revoked-by-matrix","role":"viewer"}""",
        ["POST /api/v1/datasets/{dataset}/access"] =
            """{"principal":"service:made-by-matrix","role":"viewer","expiresAt":"2999-01-01T00:00:00Z"}""",
        ["POST /api/v1/datasets/{dataset}/access/vet"] = """{"principal":"person:vetted-by-matrix","role":"viewer"}""",
        ["POST /api/v1/datasets/{dataset}/access/revoke"] = """{"principal":"service:revoked-by-matrix","role":"viewer"}""",
    };

    private static int _restores;

    /// <summary>A backup for whoever may restore one.</summary>
    public static byte[] Backup { get; set; } = [];

    /// <summary>
    /// Whether the operation may be carried out here: it only reads, or its effect is one of the above. A drain is neither, nor is the
    /// deletion of the dataset: they would take from all tests after them what those need.
    /// </summary>
    public static bool MaySucceed(ApiOperation operation) => operation.Method == "GET" || Bodies.ContainsKey(operation.Name);

    public static HttpRequestMessage Make(ApiOperation operation, string dataset, string image, string keyId, string? key)
    {
        var path = operation.Path.Replace("{dataset}", dataset).Replace("{image}", image).Replace("{key}", keyId).Replace("{version}", "1")
            .Replace("{arm}", "main").Replace("{number}", "1").Replace("{round}", "1")
            .Replace("{source}", "nothing").Replace("{backbone}", "none-of-matrix").Replace("{token}", $"{dataset}.nothing.made-up");
        var request = new HttpRequestMessage(new HttpMethod(operation.Method), path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        // One operation per caller and dataset: what the matrix repeats happens once. Another caller's is not this one's.
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"{dataset} {key}")).AsSpan(0, 16);
        request.Headers.Add("Idempotency-Key", new Guid(id).ToString());
        if (operation.Method == "GET") return request;
        if (operation.Path.EndsWith("/restore", StringComparison.Ordinal))
        {
            request.RequestUri = new Uri($"{path}?dataset=restored-by-matrix-{Interlocked.Increment(ref _restores)}", UriKind.Relative);
            request.Content = new ByteArrayContent(Backup);
        }
        else if (operation.Path.EndsWith("/images", StringComparison.Ordinal))
            request.Content = new MultipartFormDataContent { { new ByteArrayContent(DrawnImages.Draw(1)), "file", "disc/1.png" } };
        else
            request.Content = new StringContent(Bodies.GetValueOrDefault(operation.Name, "{}").Replace("{image}", image), Encoding.UTF8,
            "application/json");
        return request;
    }
}
