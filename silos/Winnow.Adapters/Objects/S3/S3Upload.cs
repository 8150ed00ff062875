using System.Globalization;
using System.Net;
using System.Security;
using System.Text;
using System.Xml.Linq;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// An object whose bytes are written as they are made: parts of one size go out while the next is filled, so memory holds two parts
/// whatever the length. Nothing can be seen before <see cref="CompleteAsync"/>.
/// </summary>
internal sealed class S3Upload(S3Connection connection, string bucket, string key, int partBytes) : Stream
{
    private readonly List<(int Number, string ETag)> _parts = [];
    private byte[] _filling = [];
    private int _filled;
    private long _length;
    private string? _uploadId;
    private Task _sending = Task.CompletedTask;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => _length;
    public override long Position { get => _length; set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            if (_filled == _filling.Length) await GrowAsync(cancellationToken).ConfigureAwait(false);
            var count = Math.Min(buffer.Length, _filling.Length - _filled);
            buffer[..count].CopyTo(_filling.AsMemory(_filled));
            (_filled, _length, buffer) = (_filled + count, _length + count, buffer[count..]);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>For writers that know no other way, such as archives.</summary>
    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Makes the object of what was written. Until then what stood under the key stands.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_uploadId is null)
        {
            await connection.SendAsync(new S3Request(HttpMethod.Put, bucket, key) { Body = _filling.AsMemory(0, _filled) },
                S3Answers.NoneAsync, cancellationToken).ConfigureAwait(false);
            return;
        }
        if (_filled > 0) await SendPartAsync(cancellationToken).ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        var list = string.Concat(
            _parts.Select(p => string.Create(CultureInfo.InvariantCulture,
                $"<Part><PartNumber>{p.Number}</PartNumber><ETag>{SecurityElement.Escape(p.ETag)}</ETag></Part>")));
        var request = new S3Request(HttpMethod.Post, bucket, key)
        {
            Query = [("uploadId", _uploadId)],
            Body = Encoding.UTF8.GetBytes($"<CompleteMultipartUpload>{list}</CompleteMultipartUpload>"),
        };
        var status = await connection.SendAsync(request, async (response, token) =>
        {
            // This call may fail after its status was sent.
            var text = await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode && XDocument.Parse(text).Root!.Name.LocalName == "Error")
                throw new IOException($"the parts could not be joined: {text}");
            return response.StatusCode;
        }, cancellationToken).ConfigureAwait(false);
        // The answer to an earlier attempt was lost, and the upload is done: then all of it is there.
        if (status == HttpStatusCode.NotFound
            && (await S3Answers.HeadAsync(connection, bucket, key, cancellationToken).ConfigureAwait(false))?.Size != _length)
            throw new S3Exception($"The upload of {bucket}/{key} is not known to the server {connection.Name} any more. Repeat it.",
            HttpStatusCode.NotFound, "NoSuchUpload");
        _uploadId = null;
    }

    /// <summary>Frees what the server keeps of an upload that was not completed.</summary>
    public async Task AbortAsync()
    {
        try
        {
            await _sending.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Why the upload ends is known to the caller.
        }
        if (_uploadId is null) return;
        try
        {
            await connection.SendAsync(new S3Request(HttpMethod.Delete, bucket, key) { Query = [("uploadId", _uploadId)], Retry = false },
                S3Answers.NoneAsync, CancellationToken.None).ConfigureAwait(false);
        }
        catch (S3Exception)
        {
            // A rule on the bucket removes old uploads; the first failure is what the caller hears of.
        }
    }

    private async Task GrowAsync(CancellationToken cancellationToken)
    {
        if (_filling.Length < partBytes)
        {
            Array.Resize(ref _filling, Math.Min(partBytes, Math.Max(64 << 10, _filling.Length * 2)));
            return;
        }
        _uploadId ??= await BeginAsync(cancellationToken).ConfigureAwait(false);
        await SendPartAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task<string> BeginAsync(CancellationToken cancellationToken) =>
        connection.SendAsync(new S3Request(HttpMethod.Post, bucket, key) { Query = [("uploads", "")] }, async (response, token) =>
        {
            var root = XDocument.Parse(await response.Content.ReadAsStringAsync(token).ConfigureAwait(false)).Root!;
            return root.Element(root.Name.Namespace + "UploadId")!.Value;
        }, cancellationToken);

    /// <summary>One part is on its way while the next is filled.</summary>
    private async Task SendPartAsync(CancellationToken cancellationToken)
    {
        await _sending.ConfigureAwait(false);
        var (bytes, number) = (_filling.AsMemory(0, _filled), _parts.Count + 1);
        (_filling, _filled) = (new byte[partBytes], 0);
        _parts.Add((number, ""));
        _sending = SendAsync();

        async Task SendAsync()
        {
            var request = new S3Request(HttpMethod.Put, bucket, key)
            {
                Query = [("partNumber", number.ToString(CultureInfo.InvariantCulture)), ("uploadId", _uploadId!)],
                Body = bytes,
            };
            var tag = await connection.SendAsync(request,
                static (response, _) => Task.FromResult(response.IsSuccessStatusCode ? response.Headers.ETag?.ToString() : null),
                cancellationToken).ConfigureAwait(false);
            _parts[number - 1] =
                (number, tag ?? throw new S3Exception($"Part {number} of {bucket}/{key} was not taken by {connection.Name}.",
                    HttpStatusCode.NotFound, "NoSuchUpload"));
        }
    }
}
