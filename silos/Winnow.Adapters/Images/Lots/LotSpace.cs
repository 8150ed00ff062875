using System.Buffers;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;

namespace Winnow.Adapters.Images.Lots;

/// <summary>
/// One lot's bytes. An image is read chunk by chunk, each counted before it is held; where the budget ends, what there is of the image
/// moves to the lot's file and the rest of it follows. Used by one caller at a time.
/// </summary>
internal sealed class LotSpace(string owner, LotBudget memory, LotBudget disk, string folder) : ILotSpace
{
    private const int Chunk = 1 << 16;

    // Read into first, and kept for the lot: most images fit and cost one copy of their own size.
    private readonly byte[] _first = ArrayPool<byte>.Shared.Rent(Chunk);
    private readonly List<byte[]> _further = [];
    private LotSpool? _spool;
    private long _inMemory;
    private long _onDisk;

    public async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, long max, CancellationToken cancellationToken)
    {
        var read = await ReadFirstAsync(body, max, cancellationToken);
        // Read past, so that the next part is found.
        while (read.Length > max && await body.ReadAsync(Scrap, cancellationToken) > 0) { }
        return read;
    }

    public async Task<ReadOnlyMemory<byte>> ReadFirstAsync(Stream body, long max, CancellationToken cancellationToken)
    {
        var wanted = max + 1;
        long length = 0;
        long? start = null;
        try
        {
            while (length < wanted)
            {
                var at = (int)(length % Chunk);
                // On disk each chunk is written as soon as it is full, so one buffer does.
                if (start is null && at == 0 && length > 0 && !TryAddChunk()) start = await SpillAsync(length, cancellationToken);
                var buffer = start is null && length >= Chunk ? _further[^1] : _first;
                var read = await body.ReadAsync(buffer.AsMemory(at, (int)Math.Min(Chunk - at, wanted - length)), cancellationToken);
                if (read == 0) break;
                if (start is not null) await WriteAsync(buffer.AsMemory(at, read), cancellationToken);
                length += read;
            }
            if (start is null && !TryTake(length)) start = await SpillAsync(length, cancellationToken);
            return start is { } from ? _spool!.Map(from, checked((int)length)) : Joined(checked((int)length));
        }
        finally
        {
            DropChunks();
        }
    }

    // Bytes that nobody looks at may land on each other.
    private static readonly byte[] Scrap = new byte[Chunk];

    private bool TryAddChunk()
    {
        if (!memory.TryTake(owner, Chunk)) return false;
        _further.Add(ArrayPool<byte>.Shared.Rent(Chunk));
        return true;
    }

    private void DropChunks()
    {
        foreach (var chunk in _further) ArrayPool<byte>.Shared.Return(chunk);
        memory.Give(owner, (long)_further.Count * Chunk);
        _further.Clear();
    }

    private bool TryTake(long bytes)
    {
        if (!memory.TryTake(owner, bytes)) return false;
        _inMemory += bytes;
        return true;
    }

    private byte[] Joined(int length)
    {
        var whole = GC.AllocateUninitializedArray<byte>(length);
        for (var at = 0; at < length; at += Chunk)
            (at == 0 ? _first : _further[(at / Chunk) - 1]).AsSpan(0, Math.Min(Chunk, length - at)).CopyTo(whole.AsSpan(at));
        return whole;
    }

    /// <summary>Moves what there is of an image to the file; where it begins there.</summary>
    private async Task<long> SpillAsync(long length, CancellationToken cancellationToken)
    {
        _spool ??= new LotSpool(folder);
        var start = _spool.Length;
        for (long at = 0; at < length; at += Chunk)
            await WriteAsync((at == 0 ? _first : _further[(int)(at / Chunk) - 1]).AsMemory(0, (int)Math.Min(Chunk, length - at)),
                cancellationToken);
        DropChunks();
        return start;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!disk.TryTake(owner, bytes.Length))
            throw new UnavailableException(
                "Lots that are being taken in fill all the room there is for them (Lots:Spool). Send this one again in a moment.");
        _onDisk += bytes.Length;
        await _spool!.WriteAsync(bytes, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(_first);
        memory.Give(owner, _inMemory);
        if (_spool is not null) await _spool.DisposeAsync();
        disk.Give(owner, _onDisk);
    }
}
