using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Algorithms.Numerics;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>
/// The group commit of the embedded ledger, while requests come and are given up at any point of a group, fail by their own fault, or
/// bring down the whole transaction. What happens when is drawn from a seed and done from within the writer's own turn, so a seed is one
/// order. A run that fails names its seed, and <c>WINNOW_SCHEDULE=seed</c> runs that one again.
/// </summary>
[Trait("kind", "schedules")]
public sealed class GroupCommitSchedules(ITestOutputHelper output) : IDisposable
{
    private const int Few = 40;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Acknowledged_is_what_is_on_disk_whoever_fails_or_gives_up()
    {
        var told = await WriterSeeds.ExploreAsync(output, Few, RunAsync);
        // A run that never met one of them has shown nothing of it.
        if (told is not null) Assert.Equal(Enum.GetValues<Told>(), told.Keys);
    }

    private async Task<IEnumerable<Told>> RunAsync(ulong seed)
    {
        var path = _folder.At("ledger.db");
        var random = new SeededRandom(seed);
        var session = SqliteSession.OpenWriter(path, 1);
        session.Execute("DROP TABLE IF EXISTS said");
        session.Execute("CREATE TABLE said (id INTEGER PRIMARY KEY, of INTEGER REFERENCES said (id) DEFERRABLE INITIALLY DEFERRED)");
        var writer = new LedgerWriter(session, new LedgerOptions { Path = path, MaxGroup = 1 + random.Next(6) }, NullLogger.Instance);
        using var reader = SqliteSession.OpenReader(path);
        var run = new Requests(writer, reader, random);
        await run.EndAsync();
        await writer.DisposeAsync();
        return run.Check();
    }

    private enum Fate { Keeps, TakesBack, Fails, BreaksCommit, LosesDisk }

    private enum Told { Acknowledged, GivenUp, Failed, FailedWithGroup }

    private sealed record Request(int Id, Fate Fate) : ComingRequest<Told>(Id)
    {
        public int Applied { get; set; }
    }

    private sealed class Requests
    {
        private readonly LedgerWriter _writer;
        private readonly SqliteSession _reader;
        private readonly ComingRequests<Request, Told> _coming;
        private readonly Lock _reading = new();

        public Requests(LedgerWriter writer, SqliteSession reader, SeededRandom random)
        {
            (_writer, _reader) = (writer, reader);
            _coming = new ComingRequests<Request, Told>(random, 3, id => Draw(id, random), AskAsync);
            // Holds the writer until the first ones wait, so that none of the order is chance.
            using var begun = new ManualResetEventSlim();
            using var wait = new ManualResetEventSlim();
            var opening = writer.WriteAsync(1, _ =>
            {
                begun.Set();
                wait.Wait();
                return new Written<bool>(true, true);
            }, CancellationToken.None);
            begun.Wait();
            _coming.Begin();
            wait.Set();
            opening.GetAwaiter().GetResult();
        }

        public Task EndAsync() => _coming.EndAsync();

        /// <summary>What each was told, which is so.</summary>
        public IEnumerable<Told> Check()
        {
            foreach (var request in _coming.All)
            {
                var told = request.Told.Result;
                var kept = told == Told.Acknowledged && request.Fate == Fate.Keeps;
                Assert.True(IsThere(request.Id) == kept,
                    $"request {request.Id}, which {request.Fate}, was told {told}, and is {(kept ? "not " : "")}on disk");
                Assert.True(request.Applied == (told == Told.GivenUp ? 0 : 1) || told == Told.FailedWithGroup,
                    $"request {request.Id} was applied {request.Applied} times and told {told}");
            }
            return [.. _coming.All.Select(r => r.Told.Result)];
        }

        private static Request Draw(int id, SeededRandom random)
        {
            var drawn = random.Next(16);
            return new Request(id, drawn < 4 ? Fate.TakesBack + drawn : Fate.Keeps);
        }

        private async Task<Told> AskAsync(Request request)
        {
            try
            {
                var answer = await _writer.WriteAsync(1, session => Apply(session, request), request.GiveUp.Token);
                Assert.Equal(request.Id, answer);
                // Who is told that it is on disk finds it there, by whatever connection.
                Assert.True(IsThere(request.Id) == (request.Fate == Fate.Keeps),
                    $"request {request.Id} was acknowledged before it was on disk");
                return Told.Acknowledged;
            }
            catch (OperationCanceledException)
            {
                return Told.GivenUp;
            }
            catch (InvalidOperationException)
            {
                return Told.Failed;
            }
            catch (IOException)
            {
                return Told.FailedWithGroup;
            }
        }

        private Written<long> Apply(SqliteSession session, Request request)
        {
            request.Applied++;
            _coming.Meanwhile();
            session.Prepare("INSERT INTO said VALUES (?1, NULL)").Bind(1, request.Id).Run();
            switch (request.Fate)
            {
                case Fate.TakesBack:
                    return new Written<long>(request.Id, false);
                case Fate.Fails:
                    throw new InvalidOperationException("Its own fault.");
                case Fate.BreaksCommit:
                    // Of what is not there: found out when the transaction commits.
                    session.Prepare("INSERT INTO said VALUES (?1, ?2)").Bind(1, request.Id + 1_000).Bind(2, -1L).Run();
                    break;
                case Fate.LosesDisk:
                    throw new SqliteException("disk I/O error", raw.SQLITE_IOERR);
            }
            return new Written<long>(request.Id, true);
        }

        private bool IsThere(long id)
        {
            lock (_reading)
                return _reader.Scalar(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM said WHERE id = {id}")) == 1;
        }
    }
}
