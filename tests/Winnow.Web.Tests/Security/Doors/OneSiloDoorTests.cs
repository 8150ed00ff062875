namespace Winnow.Web.Tests.Security.Doors;

/// <summary>One silo that keeps its objects in files.</summary>
public sealed class OneSiloDoorTests(LockedServer server) : DoorTests(server), IClassFixture<LockedServer>;
