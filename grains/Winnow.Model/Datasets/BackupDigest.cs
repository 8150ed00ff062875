using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Model.Datasets;

/// <summary>
/// The hash of a whole backup: of each file its name, a zero byte, its length in eight bytes and its content, in the order of the archive.
/// A file that is changed, lost, added or moved changes it.
/// </summary>
public sealed class BackupDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Files so far.</summary>
    public long Files { get; private set; }

    /// <summary>The next file begins; its content follows in any number of parts.</summary>
    public void Begin(string name, long length)
    {
        _hash.AppendData(Encoding.UTF8.GetBytes(name));
        Span<byte> head = stackalloc byte[1 + sizeof(long)];
        head[0] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(head[1..], length);
        _hash.AppendData(head);
        Files++;
    }

    /// <summary>A part of the file's content.</summary>
    public void Append(ReadOnlySpan<byte> content) => _hash.AppendData(content);

    /// <summary>The hash, lower-case hex; then it begins anew.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
