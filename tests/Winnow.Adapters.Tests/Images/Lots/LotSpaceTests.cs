using System.Security.Cryptography;
using CsCheck;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Images.Lots;
using Winnow.Adapters.Tests.Support;

namespace Winnow.Adapters.Tests.Images.Lots;

/// <summary>What lots may hold while they are taken in.</summary>
public sealed class LotSpaceTests
{
    private static readonly LotOptions Small = new() { Memory = 3 << 20, MemoryPerPrincipal = 1 << 20, Spool = 64 << 20 };

    [Fact]
    public void Bytes_come_back_as_they_were_whether_they_stood_in_memory_or_on_disk() => Gen
        .Select(Gen.Int[0, 700_000].Array[1, 12], Gen.Int[1, 90_000], Gen.Int[1_000, 600_000], Gen.Int[0, 1_000_000])
        .Sample((sizes, step, max, seed) =>
        {
            using var folder = new TemporaryFolder();
            var spaces = new LotSpaces(Small, folder.Path);
            var random = new Random(seed);
            var kept = new List<(byte[] Sent, ReadOnlyMemory<byte> Read)>();
            var space = spaces.Open("a");
            foreach (var size in sizes)
            {
                var sent = new byte[size];
                random.NextBytes(sent);
                var read = space.ReadAsync(new Trickle(sent, step), max, CancellationToken.None).GetAwaiter().GetResult();
                Assert.InRange(spaces.Memory.Taken, 0, Small.MemoryPerPrincipal);
                kept.Add((sent, read));
            }

            // One byte more than is taken says that there was more.
            foreach (var (sent, read) in kept) Assert.True(sent.AsSpan(0, Math.Min(sent.Length, max + 1)).SequenceEqual(read.Span));
            space.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Assert.Equal((0, 0), (spaces.Memory.Taken, spaces.Disk.Taken));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        }, iter: 60, threads: 1);

    [Fact]
    public async Task Many_callers_together_hold_no_more_than_the_limit_and_each_no_more_than_its_share()
    {
        using var folder = new TemporaryFolder();
        var spaces = new LotSpaces(Small, folder.Path);
        await Parallel.ForAsync(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            await using var space = spaces.Open($"caller {i % 5}");
            for (var k = 0; k < 4; k++)
            {
                var sent = RandomNumberGenerator.GetBytes(150_000);
                var read = await space.ReadAsync(new Trickle(sent, 10_000), 1 << 20, ct);
                Assert.InRange(spaces.Memory.Taken, 0, Small.Memory);
                Assert.True(sent.AsSpan().SequenceEqual(read.Span));
            }
        });
        Assert.Equal((0, 0), (spaces.Memory.Taken, spaces.Disk.Taken));

        // Four at once fill the memory that there is, and the rest goes to disk.
        var held = Enumerable.Range(0, 4).Select(i => spaces.Open($"caller {i}")).ToArray();
        foreach (var space in held)
            for (var k = 0; k < 10; k++) await space.ReadAsync(new MemoryStream(new byte[150_000]), 1 << 20, CancellationToken.None);
        Assert.InRange(spaces.Memory.Taken, Small.Memory * 2 / 3, Small.Memory);
        Assert.Equal(4 * 10 * 150_000, spaces.Memory.Taken + spaces.Disk.Taken);
        foreach (var space in held) await space.DisposeAsync();
        Assert.Equal((0, 0), (spaces.Memory.Taken, spaces.Disk.Taken));
    }

    [Fact]
    public async Task Where_the_disk_has_no_room_for_more_either_the_caller_is_told_to_come_again()
    {
        using var folder = new TemporaryFolder();
        var spaces = new LotSpaces(new LotOptions { Memory = 1 << 20, MemoryPerPrincipal = 1 << 20, Spool = 2 << 20 }, folder.Path);
        await using (var first = spaces.Open("a"))
        {
            // Each is too large to stand in memory twice for the moment in which its pieces are joined.
            for (var i = 0; i < 2; i++) await first.ReadAsync(new MemoryStream(new byte[900_000]), 1 << 20, CancellationToken.None);
            await using var second = spaces.Open("b");
            await second.ReadAsync(new MemoryStream(new byte[300_000]), 1 << 20, CancellationToken.None);
            var refused = await Assert.ThrowsAsync<UnavailableException>(() =>
                second.ReadAsync(new MemoryStream(new byte[900_000]), 1 << 20, CancellationToken.None));
            Assert.Contains("Lots:Spool", refused.Message, StringComparison.Ordinal);
        }

        await using var later = spaces.Open("b");
        await later.ReadAsync(new MemoryStream(new byte[900_000]), 1 << 20, CancellationToken.None);
    }

    [Fact]
    public async Task A_lot_that_is_read_several_at_once_is_one_owners_and_gives_all_its_room_back()
    {
        using var folder = new TemporaryFolder();
        var spaces = new LotSpaces(Small, folder.Path);
        var sent = Enumerable.Range(0, 40).Select(i => RandomNumberGenerator.GetBytes(50_000 + (i * 3_000))).ToArray();
        var read = new ReadOnlyMemory<byte>[sent.Length];
        await using (var set = new LotSpaceSet(spaces, "source/pets/bucket"))
        {
            await Parallel.ForAsync(0, sent.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) =>
            {
                read[i] = await set.ReadAsync(new Trickle(sent[i], 10_000), 1 << 20, ct);
                Assert.InRange(spaces.Memory.Taken, 0, Small.MemoryPerPrincipal);
            });
            for (var i = 0; i < sent.Length; i++) Assert.True(sent[i].AsSpan().SequenceEqual(read[i].Span));
            Assert.Equal(sent.Sum(s => (long)s.Length), spaces.Memory.Taken + spaces.Disk.Taken);
            Assert.True(spaces.Disk.Taken > 0, "nothing went to disk");
        }
        Assert.Equal((0, 0), (spaces.Memory.Taken, spaces.Disk.Taken));
    }

    [Fact]
    public async Task A_body_of_somebody_elses_is_not_read_past_what_is_wanted()
    {
        using var folder = new TemporaryFolder();
        await using var set = new LotSpaceSet(new LotSpaces(Small, folder.Path), "source/pets/bucket");
        using var body = new MemoryStream(new byte[900_000]);
        Assert.Equal(1_001, (await set.ReadAsync(body, 1_000, CancellationToken.None)).Length);
        Assert.Equal(1_001, body.Position);
    }

    [Fact]
    public async Task What_is_pinned_outlives_its_lot()
    {
        using var folder = new TemporaryFolder();
        var spaces = new LotSpaces(new LotOptions { Memory = 1 << 20, MemoryPerPrincipal = 1 << 20, Spool = 64 << 20 }, folder.Path);
        var sent = RandomNumberGenerator.GetBytes(8 << 20);
        System.Buffers.MemoryHandle held;
        await using (var set = new LotSpaceSet(spaces, "a"))
        {
            var read = await set.ReadAsync(new MemoryStream(sent), 16 << 20, CancellationToken.None);
            held = read.Pin();
        }
        // A request that was given up may still be sending from it.
        unsafe
        {
            Assert.True(sent.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(held.Pointer, sent.Length)));
        }
        held.Dispose();
    }

    [Theory]
    [InlineData("Lots:Memory")]
    [InlineData("Lots:MemoryPerPrincipal")]
    [InlineData("Lots:Spool")]
    public void A_limit_out_of_range_is_named(string option)
    {
        var options = new LotOptions();
        typeof(LotOptions).GetProperty(option[5..])!.SetValue(options, 10L);
        Assert.StartsWith(option, options.Check(), StringComparison.Ordinal);
        Assert.Null(new LotOptions().Check());
    }

    /// <summary>A body that comes in pieces.</summary>
    private sealed class Trickle(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }
}
