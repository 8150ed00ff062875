using System.Net.Sockets;
using System.Text.Json;
using Orleans.Serialization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Ledger;
using Winnow.Grains.Work;

namespace Winnow.Cluster.Tests;

/// <summary>What is away comes back; what is wrong stays so.</summary>
public sealed class PassingFailureTests
{
    public static TheoryData<Exception> Passing =>
    [
        new IOException("No space left on device"), new LedgerWriteException("full", new IOException()), new FileNotFoundException(),
        new UnauthorizedAccessException(),
        new SocketException(111), new HttpRequestException(), new TimeoutException(), new TaskCanceledException(), new OrleansException(),
        new ShardMovedException("moved"),
        new Orleans.Storage.InconsistentStateException("elsewhere"), new UnavailableException("away"),
        new LedgerUnavailableException("away"),
        new ObjectDisposedException("channel"), new Npgsql.NpgsqlException("away"), new UnavailableExceptionFallbackException(),
        new AggregateException(new IOException(), new TimeoutException()),
        new InvalidOperationException("Failed to create an instance of grain type 'X'. See InnerException for details.", new IOException()),
    ];

    public static TheoryData<Exception> Lasting =>
    [
        new RefusedException("no"), new ArgumentException("no strategy"), new InvalidDataException("damaged"),
        new InvalidOperationException(), new NullReferenceException(),
        new IndexOutOfRangeException(), new OverflowException(), new OutOfMemoryException(), new KeyNotFoundException(),
        new JsonException(), new NotSupportedException(),
        new AggregateException(new IOException(), new ArgumentException()),
        new InvalidOperationException("a sentence of its own", new IOException()),
    ];

    [Theory]
    [MemberData(nameof(Passing))]
    public void What_is_away_comes_back(Exception failure) => Assert.True(PassingFailure.Is(failure));

    [Theory]
    [MemberData(nameof(Lasting))]
    public void What_is_wrong_stays_so(Exception failure) => Assert.False(PassingFailure.Is(failure));
}
