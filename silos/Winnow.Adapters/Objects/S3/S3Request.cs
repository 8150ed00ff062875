namespace Winnow.Adapters.Objects.S3;

/// <summary>One request to a server, to be sent as often as it takes.</summary>
/// <remarks>
/// These are our own for what the client library's calls do instead (Minio 7.0; <c>S3LibraryTests</c> measures what a server shows of it):
/// <list type="bullet">
/// <item>get: asks for the bucket and for the object's head first, three requests for one;</item>
/// <item>conditional put: sends the condition as metadata, and so replaces what stands there;</item>
/// <item>put of unknown length: pulls from a stream, where exports and archives push, in parts of its own size;</item>
/// <item>list: begins nowhere but at the first key, and reads no answer with a key that XML does not allow;</item>
/// <item>head, delete: takes a redirect for a yes, and loses the status of an answer without S3's own error in it, so that a proxy's
/// "try later" looks like a fault of the program.</item>
/// </list>
/// </remarks>
/// <param name="Method">The verb.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The object; empty for the bucket itself.</param>
internal sealed record S3Request(HttpMethod Method, string Bucket, string Key = "")
{
    /// <summary>Parameters, in the order of their names.</summary>
    public IReadOnlyList<(string Name, string Value)> Query { get; init; } = [];

    /// <summary>What is sent.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether a put is to leave what stands under the key.</summary>
    public bool IfAbsent { get; init; }

    /// <summary>Whether to repeat it; a health check does not.</summary>
    public bool Retry { get; init; } = true;

    /// <summary>For messages: <c>PUT bucket/key</c>.</summary>
    public override string ToString() => Key.Length == 0 ? $"{Method} {Bucket}" : $"{Method} {Bucket}/{Key}";
}
