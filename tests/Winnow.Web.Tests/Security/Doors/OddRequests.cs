namespace Winnow.Web.Tests.Security.Doors;

/// <summary>
/// Requests whose end, host or lines two readers may see differently (RFC 9112, 11.2: request smuggling). Behind each stands a second
/// request, of the operator: whoever lets it through answers twice.
/// </summary>
internal static class OddRequests
{
    private const string Host = "Host: door\r\n";
    private const string Key = $"Authorization: Bearer {Door.OperatorKey}\r\n";
    public const string Post = $"POST /api/v1/datasets HTTP/1.1\r\n{Host}{Key}Content-Type: application/json\r\n";
    private const string Get = $"GET /api/v1/whoami HTTP/1.1\r\n{Host}";

    /// <summary>What an attacker would have a reader take for a request of its own.</summary>
    public const string Hidden = $"GET /api/v1/keys HTTP/1.1\r\n{Host}{Key}\r\n";

    /// <summary>By what is odd about them.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["a length and a coding"] = Post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["a coding and a length"] = Post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ["two lengths"] = Post + "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
        ["the same length twice"] = Post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        ["a list of lengths"] = Post + "Content-Length: 2, 2\r\n\r\n{}",
        ["a negative length"] = Post + "Content-Length: -2\r\n\r\n{}",
        ["a hexadecimal length"] = Post + "Content-Length: 0x2\r\n\r\n{}",
        ["a length beyond all numbers"] = Post + "Content-Length: 99999999999999999999\r\n\r\n{}",
        ["an unknown coding"] = Post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        ["chunked, and then something else"] = Post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ["something else, and then chunked"] = Post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        ["packed, and then chunked"] = Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ["two codings, in two lines"] = Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        ["chunked twice"] = Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["a blank before the colon"] = Post + "Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}",
        ["a vertical tab"] = Post + "Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n",
        ["a folded coding"] = Post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        ["a folded header"] = Get + "X: a\r\n b\r\n" + Key + "\r\n",
        ["bare line feeds"] = (Get + Key + "\r\n").Replace("\r", "", StringComparison.Ordinal),
        ["a bare line feed in a header"] = Get + "X: a\nY: b\r\n" + Key + "\r\n",
        ["a bare carriage return"] = Get + "X: a\rY: b\r\n" + Key + "\r\n",
        ["a NUL"] = Get + "X: a\0b\r\n" + Key + "\r\n",
        ["no host"] = $"GET /api/v1/whoami HTTP/1.1\r\n{Key}\r\n",
        ["two hosts"] = Get + "Host: another\r\n" + Key + "\r\n",
        ["another host in the first line"] = $"GET http://another.example/api/v1/whoami HTTP/1.1\r\n{Host}{Key}\r\n",
        ["a coding in HTTP/1.0"] = Post.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal)
            + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["a chunk beyond all numbers"] = Post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        ["a negative chunk"] = Post + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        ["a chunk written 0x2"] = Post + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        ["chunks with bare line feeds"] = Post + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        ["an extension with a bare line feed"] = Post + "Transfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n",
        ["a chunk that is longer than it says"] = Post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
        ["two versions"] = $"GET /api/v1/whoami HTTP/1.1 HTTP/1.1\r\n{Host}{Key}\r\n",
        ["a version that it does not speak"] = $"GET /api/v1/whoami HTTP/2.0\r\n{Host}{Key}\r\n",
        ["a tunnel"] = $"CONNECT another.example:443 HTTP/1.1\r\n{Host}{Key}\r\n",
    };
}
