using System.Buffers;
using System.Globalization;
using System.Text;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Grains.Backup;

/// <summary>
/// Reads the files of a backup from front to end, and makes the hash over them. It knows the plain ustar that backups are written in and
/// nothing else: long names, links and attributes would let a hostile archive ask for memory, or for a path. Names are only ever compared.
/// </summary>
internal sealed class BackupTarReader(Stream source) : IDisposable
{
    private const int Block = 512;
    private const int NameLength = 100;

    private readonly BackupDigest _digest = new();
    private readonly byte[] _block = new byte[Block];
    private long _left;
    private long _padding;

    /// <summary>Name of the file at hand.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Its length.</summary>
    public long Length { get; private set; }

    /// <summary>Files begun, the last one of a backup left out.</summary>
    public long Files => _digest.Files;

    /// <summary>Goes to the next file. False at the end of the archive.</summary>
    /// <exception cref="InvalidDataException">The archive is cut off, or is not one that a backup is written in.</exception>
    public async Task<bool> NextAsync(CancellationToken cancellationToken)
    {
        if (_left > 0) throw new InvalidOperationException($"'{Name}' was not read to its end.");
        await SkipAsync(_padding, cancellationToken).ConfigureAwait(false);
        (_padding, Length) = (0, 0);
        var read = await source.ReadAtLeastAsync(_block, Block, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read == 0 || (read == Block && !_block.AsSpan().ContainsAnyExcept((byte)0))) return false;
        if (read < Block) throw CutOff();
        ReadHeader();
        if (Name != BackupEnd.FileName) _digest.Begin(Name, Length);
        return true;
    }

    /// <summary>Goes to the next file, where there must be one.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public async Task NextFileAsync(CancellationToken cancellationToken)
    {
        if (!await NextAsync(cancellationToken).ConfigureAwait(false))
            throw new InvalidDataException(
                $"The backup is cut off after {ShownText.Quote(Name)}: its end is missing. Copy it again, or take another one.");
    }

    /// <summary>The file at hand is not the one that is due.</summary>
    public InvalidDataException Misplaced() => BackupFault.At(Name, "the file stands where it does not belong.");

    /// <summary>Reads what stands behind the end of the archive: zeros, as many as fill tar's last record.</summary>
    /// <exception cref="InvalidDataException">It is something else, or more.</exception>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (!await ArchiveEnd.IsAllAsync(source, cancellationToken).ConfigureAwait(false))
            throw new InvalidDataException("The backup goes on after its end. Copy it again, or take another one.");
    }

    /// <summary>All bytes of the file at hand.</summary>
    /// <exception cref="InvalidDataException">It has more than <paramref name="most"/>, or is cut off.</exception>
    public async Task<byte[]> ReadAsync(int most, CancellationToken cancellationToken)
    {
        if (_left > most)
            throw BackupFault.At(Name, string.Create(
            CultureInfo.InvariantCulture, $"the file has {_left} bytes; at most {most} are expected there."));
        var content = new byte[_left];
        await FillAsync(content, cancellationToken).ConfigureAwait(false);
        return content;
    }

    /// <summary>Writes the file at hand to a stream, part by part.</summary>
    public async Task CopyToAsync(Func<ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            while (_left > 0)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(_left, buffer.Length));
                await FillAsync(part, cancellationToken).ConfigureAwait(false);
                await write(part).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The hash of all files but the last. Call it once.</summary>
    public string Finish() => _digest.Finish();

    public void Dispose() => _digest.Dispose();

    private async Task FillAsync(Memory<byte> content, CancellationToken cancellationToken)
    {
        if (await source.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false) < content.Length) throw CutOff();
        _left -= content.Length;
        if (Name != BackupEnd.FileName) _digest.Append(content.Span);
    }

    private async Task SkipAsync(long bytes, CancellationToken cancellationToken)
    {
        if (bytes > 0 && await source.ReadAtLeastAsync(_block.AsMemory(0, (int)bytes), (int)bytes, throwOnEndOfStream: false,
            cancellationToken).ConfigureAwait(false) < bytes) throw CutOff();
    }

    private void ReadHeader()
    {
        var sum = 0L;
        for (var i = 0; i < Block; i++) sum += i is >= 148 and < 156 ? ' ' : _block[i];
        if (!_block.AsSpan(257, 5).SequenceEqual("ustar"u8))
            throw new InvalidDataException($"This is no backup of Winnow, or it is damaged: {Where} no ustar header follows.");
        if (Octal(148, 8) != sum)
            throw new InvalidDataException($"The backup is damaged: {Where} a header follows whose checksum is wrong.");
        if (_block[156] is not ((byte)'0' or 0) || _block[345] != 0)
            throw new InvalidDataException(
                $"The backup holds something other than plain files with short names {Where}. Winnow wrote no such archive.");
        var name = _block.AsSpan(0, NameLength);
        var end = name.IndexOf((byte)0);
        Name = Encoding.ASCII.GetString(end < 0 ? name : name[..end]);
        Length = _left = Octal(124, 12);
        _padding = (Block - (Length % Block)) % Block;
    }

    private long Octal(int at, int length)
    {
        var value = 0L;
        foreach (var digit in _block.AsSpan(at, length))
        {
            if (digit is 0 or (byte)' ') continue;
            if (digit is < (byte)'0' or > (byte)'7')
                throw new InvalidDataException($"The backup is damaged: {Where} a header follows with a number that is none.");
            value = (value << 3) | (long)(digit - '0');
        }
        return value;
    }

    private string Where => Name.Length == 0 ? "at its beginning" : $"after {ShownText.Quote(Name)}";

    private InvalidDataException CutOff() => new($"The backup is cut off {Where}. Copy it again, or take another one.");
}
